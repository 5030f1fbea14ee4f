import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryFile } from '../parts/repository-root.ts';
import { SCENARIOS } from './arm-stream.ts';
import { ALPHA, SEQUENTIAL_METHODS } from './always-valid.ts';
import { calibrate, failuresOf, type Calibration } from './calibrate.ts';
import { linePlot } from './plot.ts';
import { reportOf } from './report.ts';

const USAGE = `npm run calibrate -- [--runs N] [--seed N] [--write]

  --runs N   simulated experiments for each line; default 10000
  --seed N   default 20261123
  --write    write docs/calibration.md and its plots; else the report is printed`;

function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`--${name} must be a whole number above 0, got "${text}"\n\n${USAGE}`);
}

function plotsOf({ alwaysValid }: Calibration): Map<string, string> {
  return new Map(
    SCENARIOS.map(({ name }) => {
      const lines = SEQUENTIAL_METHODS.map((label) => ({
        label: label === 'fixed test, looked at each time' ? 'fixed test, each time' : label,
        values: alwaysValid.find(({ scenario, method }) => scenario.name === name && method === label)?.wrongBy ?? [],
      }));
      const file = `${name.replaceAll(/\W+/g, '-').replace(/-$/, '')}.svg`;
      return [file, linePlot(`Wrong by then, without an effect: ${name}`, lines, { nominal: ALPHA })] as const;
    }),
  );
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '20261123' },
      write: { type: 'boolean', default: false },
    },
  });
  const calibration = calibrate(wholeNumber(values.runs, 'runs'), wholeNumber(values.seed, 'seed'), console.error);
  const failures = failuresOf(calibration);
  const plots = plotsOf(calibration);
  const report = reportOf(calibration, failures, [...plots.keys()]);
  if (values.write) {
    const folder = repositoryFile('docs/calibration');
    await mkdir(folder, { recursive: true });
    await writeFile(repositoryFile('docs/calibration.md'), report);
    for (const [file, svg] of plots) await writeFile(path.join(folder, file), svg);
  } else console.log(report);
  for (const { what, bound } of failures) console.error(`not held: ${what} (${bound})`);
  return failures.length === 0 ? 0 : 1;
}

process.exitCode = await main();
