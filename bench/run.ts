import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const EXTENSION = path.extname(fileURLToPath(import.meta.url));

const USAGE = `npm run bench -- NAME [--json] [--quick]

  --json    print the result as one JSON object on the last line, and progress on standard error
  --quick   fewer and shorter rounds, to see whether it runs`;

export interface BenchOptions {
  readonly json: boolean;
  readonly quick: boolean;
  /** Progress and tables for readers. */
  readonly log: (line: string) => void;
}

/** What each file of this folder exports as `run`: measures, and resolves with its figures. */
export type Benchmark = (options: BenchOptions) => Promise<object>;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
  });
  const names = benchmarks();
  const [name = ''] = positionals;
  if (!names.includes(name)) {
    const which = name === '' ? 'name a benchmark' : `there is no benchmark "${name}"`;
    console.error(`${which}; there are: ${names.join(', ')}\n\n${USAGE}`);
    return 2;
  }
  const module: unknown = await import(new URL(`./${name}${EXTENSION}`, import.meta.url).href);
  if (!hasRun(module)) throw new TypeError(`bench/${name} exports no function run`);
  const log = values.json ? console.error : console.log;
  const result = await module.run({ json: values.json, quick: values.quick, log });
  if (values.json) console.log(JSON.stringify(result));
  return 0;
}

/** A benchmark is a file beside this one that is neither a test nor this one; what belongs to it lies in a folder. */
function benchmarks(): string[] {
  return readdirSync(HERE)
    .filter((file) => file.endsWith(EXTENSION) && !/\.(test|d)\./.test(file) && file !== `run${EXTENSION}`)
    .map((file) => path.basename(file, EXTENSION))
    .sort();
}

function hasRun(module: unknown): module is { readonly run: Benchmark } {
  return typeof module === 'object' && module !== null && 'run' in module && typeof module.run === 'function';
}

process.exitCode = await main();
