import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { ConflictError, type ControlStore } from '../../control-store/port.ts';
import { openControlStore } from '../../control-store/postgres/open.ts';
import type { Event } from '../../event-bus/event.ts';
import { openEventLog } from '../../event-bus/postgres/event-log.ts';
import type { EventBus } from '../../event-bus/port.ts';
import type { ExperimentWorkflows } from '../../grpc-services/control/experiment-workflows.ts';
import { startGrpcServer } from '../../grpc-services/server.ts';
import { readConfiguration } from '../../main/configuration.ts';
import { startTestPostgres } from '../../tests/support/postgres.ts';
import { runCli } from '../run-cli.ts';

export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** The services on a PostgreSQL of their own, and the command line against them. */
export interface TestPlatform {
  readonly address: string;
  readonly databaseUrl: string;
  readonly controlStore: ControlStore;
  readonly eventBus: EventBus;
  /** What the workflows were asked to do, such as `pause upi_retry: lunch`. */
  readonly asked: readonly string[];
  umpire(...args: string[]): Promise<Ran>;
  stop(): Promise<void>;
}

export async function startTestPlatform(): Promise<TestPlatform> {
  const postgres = await startTestPostgres();
  const logger = pino({ level: 'silent' });
  const controlStore = await openControlStore({ url: postgres.url, logger });
  const eventBus = await openEventLog({ url: postgres.url });
  const asked: string[] = [];
  const server = await startGrpcServer({
    address: '127.0.0.1:0',
    controlStore,
    eventBus,
    experimentWorkflows: recordingWorkflows(controlStore, asked),
    logger,
  });
  return {
    address: server.address,
    databaseUrl: postgres.url,
    controlStore,
    eventBus,
    asked,
    umpire: (...args) => runUmpire(['--server', server.address, ...args], postgres.url),
    stop: async () => {
      await server.drain();
      await eventBus.close();
      await controlStore.close();
      await postgres.stop();
    },
  };
}

/** Runs a command line in this process. */
export async function runUmpire(
  args: readonly string[],
  databaseUrl?: string,
  { signal = new AbortController().signal, onOut, input = '', settings = {} }: RunOptions = {},
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await runCli(args, {
    configuration: readConfiguration({
      ...settings,
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    }),
    signal,
    out: (line) => {
      out.push(line);
      onOut?.(line);
    },
    err: (line) => err.push(line),
    clock: Date.now,
    readInput: () => Promise.resolve(input),
  });
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly onOut?: (line: string) => void;
  readonly input?: string;
  /** Environment variables, besides that of the database. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** In place of Temporal: writes down what is asked, and starts experiments in the control store. */
function recordingWorkflows(controlStore: ControlStore, asked: string[]): ExperimentWorkflows {
  const note =
    (verb: string) =>
    (key: string, { reason }: { readonly reason: string }): Promise<void> => {
      asked.push(`${verb} ${key}: ${reason}`);
      return Promise.resolve();
    };
  return {
    start: async (experimentKey, actor) => {
      const { status, definitionVersion } = await controlStore.getExperiment(experimentKey);
      if (status !== 'draft') throw new ConflictError(`experiment ${experimentKey} runs already`);
      const change = { experimentKey, actor };
      await controlStore.transition({
        ...change,
        stepKey: randomUUID(),
        transition: { to: 'started', definitionVersion },
      });
      const transition = { to: 'enrolled', stage: 1, basisPoints: 10_000 } as const;
      await controlStore.transition({ ...change, stepKey: randomUUID(), transition });
      return `experiment/${experimentKey}`;
    },
    approve: note('approve'),
    pause: note('pause'),
    resume: note('resume'),
    rollBack: note('rollback'),
    ramp: (key, stage, actor) => note(`ramp to ${stage}`)(key, actor),
    ship: (key, variant, actor) => {
      if (variant === 'control' || variant === 'on') return note(`ship ${variant}`)(key, actor);
      return Promise.reject(new RangeError(`experiment ${key} has no variant "${variant}"`));
    },
    killed: () => Promise.resolve(),
  };
}

export function exposureOf(userId: string, timestampMs: number): Event {
  return {
    eventId: randomUUID(),
    eventType: 'exposure',
    schemaVersion: 1,
    userId,
    anonymousId: null,
    timestampMs,
    serviceName: 'payments',
    experimentKey: 'pay_button',
    epoch: 1,
    variant: 'on',
    decisionId: randomUUID(),
    properties: {
      flag_key: 'pay_button',
      reason: 'REASON_SPLIT',
      unit_type: 'user',
      unit_id: userId,
      ruleset_version: 3,
      segments: {},
    },
  };
}
