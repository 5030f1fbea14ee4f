import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { startPostgres } from '../parts/postgres.ts';
import { startTemporal } from '../parts/temporal.ts';
import { supervise, type SupervisedProcess } from './supervised.ts';

export interface PlatformOptions {
  /** Where everything is kept. */
  readonly dataDirectory: string;
  /** Default: a free port for each. */
  readonly ports?: {
    readonly grpc?: number;
    readonly temporal?: number;
    readonly temporalUi?: number;
    readonly postgres?: number;
  };
  /** A file of event types (`event-bus/schemas/document.ts`). */
  readonly eventTypesFile?: string;
  readonly scorecardEveryMs?: number;
  /** The `temporal` command. */
  readonly temporalExecutable?: string;
  /** Told what is being started, and what ended by itself. */
  readonly onProgress: (message: string) => void;
}

export interface Platform {
  readonly grpcAddress: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string;
  readonly databaseUrl: string;
  readonly warehouseFile: string;
  readonly logDirectory: string;
  /** Every process that was started, as it runs now. */
  processes(): readonly { readonly name: string; readonly processId: number }[];
  /** Ends everything in order: nothing that was taken in is lost. */
  stop(): Promise<void>;
}

/** Starts the whole platform with its embedded parts: PostgreSQL, Temporal with its UI, the services, and the worker. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const started: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of started.splice(0).reverse()) await end();
  };
  try {
    return await startAll(options, started, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAll(
  options: PlatformOptions,
  started: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<Platform> {
  const { dataDirectory, ports = {}, onProgress } = options;
  const logDirectory = path.join(dataDirectory, 'logs');
  await mkdir(logDirectory, { recursive: true });
  const log = (name: string) => {
    const file = createWriteStream(path.join(logDirectory, `${name}.log`), { flags: 'a' });
    return (line: string): void => void file.write(line);
  };

  onProgress('starting PostgreSQL');
  const postgres = await startPostgres({
    dataDirectory: path.join(dataDirectory, 'postgres'),
    onLog: log('postgres'),
    ...(ports.postgres === undefined ? {} : { port: ports.postgres }),
  });
  started.push(() => postgres.stop());

  onProgress('starting Temporal and its UI');
  const temporal = await startTemporal({
    dataFile: path.join(dataDirectory, 'temporal.sqlite'),
    onLog: log('temporal'),
    ...(ports.temporal === undefined ? {} : { port: ports.temporal }),
    ...(ports.temporalUi === undefined ? {} : { uiPort: ports.temporalUi }),
    ...(options.temporalExecutable === undefined ? {} : { executable: options.temporalExecutable }),
  });
  started.push(() => temporal.stop());

  const warehouseFile = path.join(dataDirectory, 'warehouse.duckdb');
  const environment = {
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    UMPIRE_WAREHOUSE_FILE: warehouseFile,
    UMPIRE_ADDRESS: `127.0.0.1:${ports.grpc ?? 0}`,
    ...(options.eventTypesFile === undefined ? {} : { UMPIRE_EVENT_TYPES: options.eventTypesFile }),
    ...(options.scorecardEveryMs === undefined ? {} : { UMPIRE_SCORECARD_EVERY_MS: String(options.scorecardEveryMs) }),
  };
  const start = async (name: string): Promise<SupervisedProcess> => {
    const supervised = await supervise({
      name,
      modulePath: `./${name}-main`,
      environment,
      onLog: log(name),
      onCrash: onProgress,
    });
    started.push(() => supervised.stop());
    return supervised;
  };
  onProgress('starting the gRPC services');
  const serve = await start('serve');
  onProgress('starting the worker, ingest and the live monitor');
  const work = await start('work');
  const postgresId = await postgres.processId();
  return {
    grpcAddress: serve.offers['address'] ?? '',
    temporalAddress: temporal.address,
    temporalUiUrl: temporal.uiUrl,
    databaseUrl: postgres.url,
    warehouseFile,
    logDirectory,
    processes: () => [
      { name: 'postgres', processId: postgresId },
      { name: 'temporal', processId: temporal.processId },
      { name: 'serve', processId: serve.processId() },
      { name: 'work', processId: work.processId() },
    ],
    stop,
  };
}
