import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { repositoryFile } from '../../parts/repository-root.ts';
import { ALPHA, TUNED_FOR_COUNT, type MetricRow } from './whole-path.ts';

const PYTHON = 'python3';

/** Written by gbstats_rows.py. */
export interface GbstatsRound {
  readonly wholePathMs: number;
  readonly bareTestsMs: number;
  readonly versions: { readonly gbstats: string; readonly python: string };
  /** Intervals of the absolute effects, row by row. */
  readonly absolute: readonly { readonly lower: number; readonly upper: number }[];
}

/** Why gbstats cannot be compared with here, in words; null where it can. */
export async function whyNoGbstats(): Promise<string | null> {
  try {
    await runPython(['-c', 'import gbstats.gbstats'], '');
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** One round of gbstats in a process of its own. @throws Error where it fails */
export async function readWithGbstats(rows: readonly MetricRow[]): Promise<GbstatsRound> {
  const task = JSON.stringify({ rows, alpha: ALPHA, tunedForCount: TUNED_FOR_COUNT });
  return JSON.parse(await runPython([repositoryFile('bench/estimators/gbstats_rows.py')], task)) as GbstatsRound;
}

async function runPython(args: readonly string[], input: string): Promise<string> {
  const child = spawn(PYTHON, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new Error(`${PYTHON} does not start: ${cause.message}`, { cause }));
    });
    child.once('close', resolve);
  });
  // A process that ends before it has read everything says why on standard error.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code, output, complaint] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code === 0) return output;
  throw new Error(`${PYTHON} ends with ${code}: ${complaint.trim().split('\n').at(-1) ?? ''}`);
}
