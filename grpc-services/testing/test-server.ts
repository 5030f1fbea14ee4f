import { pino } from 'pino';
import { startTestStore, type TestStore } from '../../control-store/testing/test-store.ts';
import { openEventLog } from '../../event-bus/postgres/event-log.ts';
import type { EventBus } from '../../event-bus/port.ts';
import { createRegistry } from '../../event-bus/schemas/registry.ts';
import type { ExperimentWorkflows } from '../control/experiment-workflows.ts';
import { startGrpcServer, type GrpcServer } from '../server.ts';

/** The whole server on a PostgreSQL of its own; only the workflows are played. */
export interface TestServer {
  readonly bench: TestStore;
  readonly eventBus: EventBus;
  readonly server: GrpcServer;
  /** What the workflows were asked for, such as `pause upi_retry`. */
  readonly asked: readonly string[];
  /** One more server on the same stores, ended with this one. */
  another(): Promise<GrpcServer>;
  /** Makes every further call to the workflows fail. */
  workflowsFailWith(error: Error): void;
  stop(): Promise<void>;
}

export async function startTestServer(): Promise<TestServer> {
  const bench = await startTestStore();
  const registry = createRegistry([
    { key: 'contest_joined', version: 1, properties: { contest: { type: 'string', required: true } } },
  ]);
  const eventBus = await openEventLog({ url: bench.server.url, registry });
  const asked: string[] = [];
  let failure: Error | undefined;
  const ask = (what: string): Promise<void> => {
    asked.push(what);
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  };
  const experimentWorkflows: ExperimentWorkflows = {
    start: async (key) => {
      await ask(`start ${key}`);
      return `experiment/${key}`;
    },
    approve: (key) => ask(`approve ${key}`),
    pause: (key) => ask(`pause ${key}`),
    resume: (key) => ask(`resume ${key}`),
    ramp: (key, stage) => ask(`ramp ${key} ${stage}`),
    ship: (key, variant) => ask(`ship ${key} ${variant}`),
    rollBack: (key) => ask(`rollBack ${key}`),
    killed: (key) => ask(`killed ${key}`),
  };
  const start = (): Promise<GrpcServer> =>
    startGrpcServer({
      address: '127.0.0.1:0',
      controlStore: bench.store,
      eventBus,
      experimentWorkflows,
      logger: pino({ level: 'silent' }),
    });
  const server = await start();
  const others: GrpcServer[] = [];
  return {
    bench,
    eventBus,
    server,
    asked,
    workflowsFailWith: (error) => (failure = error),
    another: async () => {
      const other = await start();
      others.push(other);
      return other;
    },
    stop: async () => {
      for (const each of [server, ...others]) await each.drain();
      await eventBus.close();
      await bench.stop();
    },
  };
}
