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
  const server = await startGrpcServer({
    address: '127.0.0.1:0',
    controlStore: bench.store,
    eventBus,
    experimentWorkflows,
    logger: pino({ level: 'silent' }),
  });
  return {
    bench,
    eventBus,
    server,
    asked,
    workflowsFailWith: (error) => (failure = error),
    stop: async () => {
      await server.drain();
      await eventBus.close();
      await bench.stop();
    },
  };
}
