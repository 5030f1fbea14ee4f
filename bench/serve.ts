import { once } from 'node:events';
import {
  AssignmentServiceService,
  EvaluateBatchResponse,
  EvaluateResponse,
  EvaluateStreamResponse,
} from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { endProcess, forkModule } from '../parts/child-process.ts';
import { startScratchPostgres } from './parts/scratch-postgres.ts';
import type { BenchOptions } from './run.ts';
import { loadStream, loadUnary, type Round } from './serve/load.ts';
import { BATCH_SIZE, createWorkload } from './serve/workload.ts';

const ROUNDS = 5;
const IN_FLIGHT = 64;
const BATCHES_IN_FLIGHT = 4;
const PATHS = {
  unary: AssignmentServiceService.evaluate.path,
  batch: AssignmentServiceService.evaluateBatch.path,
  stream: AssignmentServiceService.evaluateStream.path,
  echo: '/bench.Echo/Echo',
};

/** The bars that the figures are held to. */
const BARS = { unaryToEcho: 0.85, batchToUnary: 10, streamToUnary: 2.5 };

/**
 * Decisions per second over gRPC, beside a bare echo server of the same message sizes: both servers and the client are processes of their
 * own, the rounds take turns, and ratios are medians over the rounds.
 */
export async function run({ quick, log }: BenchOptions): Promise<object> {
  const postgres = await startScratchPostgres();
  const workload = createWorkload();
  const decisions = await startServer('./serve/decision-server-main', postgres.url);
  try {
    const sizes = await messageSizes(decisions.address, workload.unary);
    log(`a request has ${workload.unary[0]?.length} bytes, an answer ${sizes.answer}`);
    const echo = await startServer('./serve/echo-server-main', String(sizes.answer));
    try {
      return await measure(decisions.address, echo.address, workload, { quick, log });
    } finally {
      await echo.stop();
    }
  } finally {
    await decisions.stop();
    await postgres.stop();
  }
}

async function measure(
  decisions: string,
  echo: string,
  workload: ReturnType<typeof createWorkload>,
  { quick, log }: Pick<BenchOptions, 'quick' | 'log'>,
): Promise<object> {
  const durationMs = quick ? 500 : 3_000;
  const unary = { inFlight: IN_FLIGHT, durationMs };
  const kinds = {
    echo: () => loadUnary(echo, PATHS.echo, workload.unary, unary),
    unary: () => loadUnary(decisions, PATHS.unary, workload.unary, unary),
    batch: () => loadUnary(decisions, PATHS.batch, workload.batch, { inFlight: BATCHES_IN_FLIGHT, durationMs }),
    stream: () => loadStream(decisions, PATHS.stream, workload.stream, { inFlight: 4 * IN_FLIGHT, durationMs }),
  };
  for (const kind of Object.values(kinds)) await kind();
  const rounds: Record<keyof typeof kinds, Round>[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const results = {
      echo: await kinds.echo(),
      unary: await kinds.unary(),
      batch: await kinds.batch(),
      stream: await kinds.stream(),
    };
    rounds.push(results);
    log(
      `round ${round}: ${Object.entries(results)
        .map(
          ([kind, { messagesPerSecond, p99Ms }]) =>
            `${kind} ${Math.round(messagesPerSecond)}/s (p99 ${p99Ms.toFixed(1)} ms)`,
        )
        .join(', ')}`,
    );
  }
  checkAnswers(rounds);
  const rate = (kind: keyof typeof kinds): number => median(rounds.map((round) => round[kind].messagesPerSecond));
  const ratio = (above: keyof typeof kinds, below: keyof typeof kinds, factor: number): number =>
    median(rounds.map((round) => (factor * round[above].messagesPerSecond) / round[below].messagesPerSecond));
  const latency = (kind: keyof typeof kinds) => ({
    p50Ms: median(rounds.map((round) => round[kind].p50Ms)),
    p99Ms: median(rounds.map((round) => round[kind].p99Ms)),
  });
  const ratios = {
    unaryToEcho: ratio('unary', 'echo', 1),
    batchToUnary: ratio('batch', 'unary', BATCH_SIZE),
    streamToUnary: ratio('stream', 'unary', 1),
  };
  log(`unary against echo ${ratios.unaryToEcho.toFixed(3)} (bar ${BARS.unaryToEcho})`);
  log(`batch against unary ${ratios.batchToUnary.toFixed(1)} (bar ${BARS.batchToUnary})`);
  log(`stream against unary ${ratios.streamToUnary.toFixed(2)} (bar ${BARS.streamToUnary})`);
  return {
    rounds: ROUNDS,
    echo: { callsPerSecond: rate('echo'), ...latency('echo') },
    unary: { decisionsPerSecond: rate('unary'), ...latency('unary') },
    batch: { decisionsPerSecond: BATCH_SIZE * rate('batch'), batchSize: BATCH_SIZE, ...latency('batch') },
    stream: { decisionsPerSecond: rate('stream'), ...latency('stream') },
    ratios,
    bars: BARS,
  };
}

async function messageSizes(address: string, messages: readonly Buffer[]): Promise<{ answer: number }> {
  const { sample } = await loadUnary(address, PATHS.unary, messages, { inFlight: IN_FLIGHT, durationMs: 1_000 });
  return { answer: Math.round(sample.reduce((sum, { length }) => sum + length, 0) / sample.length) };
}

/** Answers have to be decisions, and both variants have to occur. */
function checkAnswers(rounds: readonly Record<'unary' | 'batch' | 'stream', Round>[]): void {
  for (const { unary, batch, stream } of rounds) {
    const answers = [
      unary.sample.map((bytes) => EvaluateResponse.decode(bytes)),
      batch.sample.flatMap((bytes) => EvaluateBatchResponse.decode(bytes).responses),
      stream.sample.map((bytes) => EvaluateStreamResponse.decode(bytes).response),
    ];
    for (const kind of answers) {
      const variants = new Set(kind.map((answer) => (answer?.reason === 'REASON_SPLIT' ? answer.variant : 'none')));
      if (variants.size !== 2 || variants.has('none')) throw new Error(`the answers are ${[...variants].join(', ')}`);
    }
  }
}

async function startServer(modulePath: string, argument: string) {
  const child = forkModule(import.meta.url, modulePath, [argument]);
  const [message] = (await once(child, 'message')) as [{ readonly address: string }];
  return { address: message.address, stop: () => endProcess(child) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
