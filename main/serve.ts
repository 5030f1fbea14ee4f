import { Client, Connection } from '@temporalio/client';
import type { Logger } from 'pino';
import { openControlStore } from '../control-store/postgres/open.ts';
import { openEventLog } from '../event-bus/postgres/event-log.ts';
import { startGrpcServer } from '../grpc-services/server.ts';
import { createExperimentWorkflows } from '../workflows/experiment-client.ts';
import { requireDatabase, type Configuration } from './configuration.ts';
import { readEventRegistry } from './event-registry.ts';
import type { RunningProcess } from './process-life.ts';

/** Starts the gRPC services. Temporal is connected to when it is first needed: decisions and kills do without it. */
export async function startServe(configuration: Configuration, logger: Logger): Promise<RunningProcess> {
  const url = requireDatabase(configuration);
  const onProblem = (message: string, error: unknown): void => logger.warn({ err: error }, message);
  const controlStore = await openControlStore({ url, logger });
  const eventBus = await openEventLog({
    url,
    registry: await readEventRegistry(configuration),
    onError: (error) => onProblem('event log: it is tried again', error),
  });
  const connection = Connection.lazy({ address: configuration.TEMPORAL_ADDRESS, connectTimeout: '5s' });
  const client = new Client({ connection, namespace: configuration.TEMPORAL_NAMESPACE });
  const server = await startGrpcServer({
    address: configuration.UMPIRE_ADDRESS,
    controlStore,
    eventBus,
    experimentWorkflows: createExperimentWorkflows(client),
    logger,
  });
  logger.info({ address: server.address }, 'serving');
  return {
    offers: { address: server.address },
    stop: async () => {
      await server.drain();
      await connection.close();
      await eventBus.close();
      await controlStore.close();
    },
  };
}
