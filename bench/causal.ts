import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { repositoryFile } from '../parts/repository-root.ts';
import { generate, TRUE_EFFECT } from './causal/workload.ts';
import { median } from './decide/speed.ts';
import type { BenchOptions } from './run.ts';

const run_ = promisify(execFile);
const TASKS = ['propensity', 'matching', 'ipw', 'aipw'] as const;
/** At most this share of the fastest peer's median time. */
const TIME_BAR = 0.5;
/** Data and all that is held beside it, over the data's own size. */
const MEMORY_BAR = 3;
const SEED = 20_261_124;
const PEERS = repositoryFile('bench/peers/causal_peers.py');

interface Had {
  readonly version?: string;
  readonly why_not?: string;
  readonly tasks: readonly string[];
}

interface Ran {
  readonly seconds: readonly number[];
  readonly estimate: number;
  readonly extraBytes: number;
  readonly dataBytes?: number;
}

/**
 * Propensity, 1:1 matching, IPW and AIPW at 100,000 and a million rows × 10 covariates, from the columns to the estimate, with the memory that they hold; beside
 * the peers that Python has at hand (the `python3` of the PATH). Rounds take turns in processes of their own; figures are medians.
 */
export async function run({ quick, log }: BenchOptions): Promise<object> {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-bench-'));
  try {
    const peers = await peersAtHand();
    for (const [peer, { why_not: why }] of Object.entries(peers))
      if (why !== undefined) log(`NOT COMPARED with ${peer}: ${why}`);
    const sizes = [];
    for (const rows of quick ? [20_000] : [100_000, 1_000_000]) {
      const file = path.join(directory, `${rows}.f64`);
      await writeFile(file, new Uint8Array(generate(rows, SEED).buffer));
      sizes.push(await compare(file, rows, peers, quick ? 1 : 3, log));
      await rm(file);
    }
    return {
      benchmark: 'causal',
      covariates: 10,
      trueEffect: TRUE_EFFECT,
      bar: TIME_BAR,
      memoryBar: MEMORY_BAR,
      sizes,
      peers,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function compare(
  file: string,
  rows: number,
  peers: Readonly<Record<string, Had>>,
  rounds: number,
  log: BenchOptions['log'],
) {
  log(`${rows.toLocaleString('en')} rows × 10 covariates (${Math.round((rows * 96) / 1e6)} MB)`);
  const tasks = [];
  for (const task of TASKS) {
    const names = Object.entries(peers).flatMap(([peer, had]) =>
      had.why_not === undefined && had.tasks.includes(task) ? [peer] : [],
    );
    const own: Ran[] = [];
    const theirs = new Map<string, Ran[]>(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      own.push(await ownRun(file, task));
      for (const name of names) theirs.get(name)?.push(await peerRun(file, rows, name, task));
    }
    tasks.push(reported(task, own, theirs, log));
  }
  return { rows, tasks };
}

function reported(
  task: string,
  own: readonly Ran[],
  theirs: ReadonlyMap<string, readonly Ran[]>,
  log: BenchOptions['log'],
) {
  const seconds = secondsOf(own);
  const [first] = own;
  const dataBytes = first?.dataBytes ?? 1;
  const memoryRatio = 1 + Math.max(...own.map(({ extraBytes }) => extraBytes)) / dataBytes;
  log(
    `  ${task.padEnd(11)} ${seconds.toFixed(3)} s, ${memoryRatio.toFixed(2)} x the data in memory, estimate ${first?.estimate.toFixed(4) ?? ''}`,
  );
  const compared = [...theirs].map(([peer, runs]) => {
    const theirSeconds = secondsOf(runs);
    log(
      `    ${peer.padEnd(13)} ${theirSeconds.toFixed(3)} s, ratio ${(seconds / theirSeconds).toFixed(2)}, estimate ${runs[0]?.estimate.toFixed(4) ?? ''}`,
    );
    return { peer, seconds: theirSeconds, ratio: seconds / theirSeconds, estimate: runs[0]?.estimate ?? NaN };
  });
  const fastest = compared.toSorted((a, b) => a.seconds - b.seconds)[0];
  return {
    task,
    seconds,
    estimate: first?.estimate,
    memoryRatio,
    isWithinMemoryBar: memoryRatio <= MEMORY_BAR,
    peers: compared,
    ratioToFastest: fastest?.ratio ?? null,
    isWithinBar: fastest === undefined ? null : fastest.ratio <= TIME_BAR,
  };
}

/** Within a process the first run warms up; the best that a long-lived worker does is the median of the others. */
function secondsOf(runs: readonly Ran[]): number {
  return median(runs.map(({ seconds }) => median(seconds.length > 1 ? seconds.slice(1) : seconds)));
}

const RUNS_IN_A_PROCESS = 3;

async function ownRun(file: string, task: string): Promise<Ran> {
  const here = fileURLToPath(import.meta.url);
  const script = path.join(path.dirname(here), 'causal', `own-main${path.extname(here)}`);
  const { stdout } = await run_(process.execPath, [...process.execArgv, script, file, task, String(RUNS_IN_A_PROCESS)]);
  return JSON.parse(stdout) as Ran;
}

async function peerRun(file: string, rows: number, peer: string, task: string): Promise<Ran> {
  const { stdout } = await run_('python3', [PEERS, file, String(rows), peer, task, String(RUNS_IN_A_PROCESS)]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Ran;
}

async function peersAtHand(): Promise<Readonly<Record<string, Had>>> {
  try {
    const { stdout } = await run_('python3', [PEERS, '--have']);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, Had>;
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { python3: { why_not: why ?? 'it failed', tasks: [] } };
  }
}
