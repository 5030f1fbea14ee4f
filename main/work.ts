import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Logger } from 'pino';
import { createActivities } from '../activities/activities.ts';
import { createJudge } from '../activities/judge.ts';
import { openControlStore } from '../control-store/postgres/open.ts';
import { openEventLog } from '../event-bus/postgres/event-log.ts';
import { startLiveMonitor } from '../live-monitor/live-monitor.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import { startIngest } from '../warehouse/ingest.ts';
import { createExperimentWorkflows } from '../workflows/experiment-client.ts';
import { requireDatabase, type Configuration } from './configuration.ts';
import { readEventRegistry } from './event-registry.ts';
import type { RunningProcess } from './process-life.ts';
import { keepWorking } from './temporal-worker.ts';

/**
 * Starts what works on events: ingest into the warehouse, the live monitor, and the Temporal worker. The only owner of the DuckDB file.
 * Ingest and the live monitor run on while Temporal is down; the worker joins when it is back.
 */
export async function startWork(configuration: Configuration, logger: Logger): Promise<RunningProcess> {
  const url = requireDatabase(configuration);
  const file = configuration.UMPIRE_WAREHOUSE_FILE;
  await mkdir(path.dirname(path.resolve(file)), { recursive: true });
  const onProblem = (message: string, error: unknown): void => logger.warn({ err: error }, message);
  const controlStore = await openControlStore({ url, logger });
  const bus = await openEventLog({
    url,
    registry: await readEventRegistry(configuration),
    onError: (error) => onProblem('event log: it is tried again', error),
  });
  const warehouse = await openDuckDb({ file });
  const ingest = await startIngest({ bus, warehouse, logger });
  const connection = Connection.lazy({ address: configuration.TEMPORAL_ADDRESS, connectTimeout: '5s' });
  const client = new Client({ connection, namespace: configuration.TEMPORAL_NAMESPACE });
  const experiments = createExperimentWorkflows(client);
  const monitor = await startLiveMonitor({
    bus,
    controlStore,
    databaseUrl: url,
    logger,
    onBreach: ({ experimentKey, kill }) => experiments.killed(experimentKey, kill),
  });
  const caughtUpJudge = createJudge({ warehouse, controlStore, clock: Date.now });
  const activities = createActivities({
    controlStore,
    // A judgement is of everything that was published when it was asked for.
    judge: async (experimentKey) => {
      await ingest.caughtUp();
      return await caughtUpJudge(experimentKey);
    },
  });
  const worker = keepWorking({ configuration, client, activities, logger });
  logger.info({ warehouse: file }, 'working');
  return {
    offers: { warehouse: file },
    stop: async () => {
      await worker.stop();
      await monitor.stop();
      await ingest.stop();
      await warehouse.close();
      await connection.close();
      await bus.close();
      await controlStore.close();
    },
  };
}
