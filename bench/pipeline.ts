import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endProcess, forkModule, SERVICE_FLAGS } from '../parts/child-process.ts';
import { bareAppend } from './pipeline/bare-appender.ts';
import type { BareMessage, BusUnderTest } from './pipeline/bus-under-test.ts';
import { startEmbedded } from './pipeline/embedded.ts';
import { startKafkaBus } from './pipeline/kafka.ts';
import { roundOfEvents } from './pipeline/workload.ts';
import type { BenchOptions } from './run.ts';
import { median } from './decide/speed.ts';

const ROUNDS = 5;
const BAR = 0.5;

interface Rates {
  readonly pipeline: number;
  readonly bareProducer: number;
  readonly bareConsumer: number;
  readonly bareAppender: number;
}

/**
 * Events per second from `publish` to a row that can be queried, with the publisher and ingest in processes of their own, beside the bare
 * producer, consumer and appender on the same events. Rounds take turns; ratios are medians over the rounds.
 */
export async function run({ quick, log }: BenchOptions): Promise<object> {
  const count = quick ? 20_000 : 100_000;
  const results: Record<string, object> = {};
  for (const start of [startEmbedded, startKafkaBus]) {
    const bus = await start();
    try {
      results[bus.kind] = await measure(bus, { count, rounds: quick ? 2 : ROUNDS, log });
    } finally {
      await bus.stop();
    }
  }
  return { benchmark: 'pipeline', eventsPerRound: count, bar: BAR, ...results };
}

interface Plan {
  readonly count: number;
  readonly rounds: number;
  readonly log: (line: string) => void;
}

async function measure(bus: BusUnderTest, { count, rounds, log }: Plan): Promise<object> {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-bench-'));
  const publisher = await started('./pipeline/publisher-main', [bus.kind, bus.address]);
  const ingest = await started('./pipeline/ingest-main', [
    bus.kind,
    bus.address,
    path.join(directory, 'warehouse.duckdb'),
  ]);
  try {
    const runs: Rates[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const events = roundOfEvents(round, count);
      const messages = events.map((event): BareMessage => ({ key: event.userId ?? '', text: JSON.stringify(event) }));
      const perSecond = (ms: number): number => Math.round((count / ms) * 1_000);
      const rates = {
        pipeline: perSecond(await pipeline(publisher, ingest, round, count)),
        bareProducer: perSecond(await bus.bareProduce(round, messages)),
        bareConsumer: perSecond(await bus.bareConsume(round, count)),
        bareAppender: perSecond(await bareAppend(path.join(directory, 'bare.duckdb'), events)),
      };
      log(`${bus.kind}, round ${round + 1} of ${rounds}: ${describe(rates)}`);
      runs.push(rates);
    }
    return summary(bus, runs, log);
  } finally {
    await endProcess(publisher);
    await endProcess(ingest);
    await rm(directory, { recursive: true, force: true });
  }
}

/** Resolves with the ms from the first publish until every row can be queried. */
async function pipeline(publisher: ChildProcess, ingest: ChildProcess, round: number, count: number): Promise<number> {
  publisher.send({ round, count });
  await said(publisher, 'made');
  const startedAtMs = performance.now();
  publisher.send({});
  await said(publisher, 'published');
  ingest.send({ round });
  const { rows } = await said(ingest, 'rows');
  const tookMs = performance.now() - startedAtMs;
  if (rows !== count) throw new Error(`${rows} of ${count} events can be queried`);
  return tookMs;
}

function summary({ kind }: BusUnderTest, runs: readonly Rates[], log: (line: string) => void): object {
  const names = ['pipeline', 'bareProducer', 'bareConsumer', 'bareAppender'] as const;
  const eventsPerSecond = Object.fromEntries(names.map((name) => [name, median(runs.map((rates) => rates[name]))]));
  const ratio = median(
    runs.map(({ pipeline: own, ...bare }) => own / Math.min(bare.bareProducer, bare.bareConsumer, bare.bareAppender)),
  );
  log(`${kind}: ${(ratio * 100).toFixed(0)} % of the slowest bare part (bar ${BAR * 100} %)`);
  return { eventsPerSecond, ratioToSlowest: Math.round(ratio * 1_000) / 1_000 };
}

function describe(rates: Rates): string {
  return Object.entries<number>({ ...rates })
    .map(([name, rate]) => `${name} ${rate.toLocaleString('en')}/s`)
    .join(', ');
}

async function started(module: string, args: readonly string[]): Promise<ChildProcess> {
  const child = forkModule(import.meta.url, module, args, { execArgv: [...process.execArgv, ...SERVICE_FLAGS] });
  child.setMaxListeners(0);
  await said(child, 'ready');
  return child;
}

interface Message {
  readonly kind: string;
  readonly rows?: number;
}

/** @throws Error where the process ends before it says so */
async function said(child: ChildProcess, kind: string): Promise<Message> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${String(code)} before it said "${kind}"`);
  });
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [Message];
  if (message.kind !== kind) throw new Error(`a process of the benchmark said "${message.kind}" instead of "${kind}"`);
  return message;
}
