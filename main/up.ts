import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../parts/free-port.ts';
import { startPostgres } from '../parts/postgres.ts';
import { startTemporal } from '../parts/temporal.ts';
import { keepPart } from './kept-part.ts';
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
  // The ports are settled once, so that a part that is started again is found where it was.
  const postgresPort = ports.postgres ?? (await freePort());
  const postgresLog = log('postgres');
  const postgres = await keepPart(
    'PostgreSQL',
    () =>
      startPostgres({ dataDirectory: path.join(dataDirectory, 'postgres'), port: postgresPort, onLog: postgresLog }),
    onProgress,
  );
  started.push(() => postgres.stop());

  onProgress('starting Temporal and its UI');
  const temporalPorts = { port: ports.temporal ?? (await freePort()), uiPort: ports.temporalUi ?? (await freePort()) };
  const temporalLog = log('temporal');
  const temporal = await keepPart(
    'Temporal',
    () =>
      startTemporal({
        dataFile: path.join(dataDirectory, 'temporal.sqlite'),
        onLog: temporalLog,
        ...temporalPorts,
        ...(options.temporalExecutable === undefined ? {} : { executable: options.temporalExecutable }),
      }),
    onProgress,
  );
  started.push(() => temporal.stop());
  const { url: databaseUrl } = postgres.current();
  const { address: temporalAddress, uiUrl: temporalUiUrl } = temporal.current();

  const grpcPort = ports.grpc ?? (await freePort());
  const warehouseFile = path.join(dataDirectory, 'warehouse.duckdb');
  const environment = {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    UMPIRE_WAREHOUSE_FILE: warehouseFile,
    UMPIRE_ADDRESS: `127.0.0.1:${grpcPort}`,
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
  return {
    grpcAddress: serve.offers['address'] ?? '',
    temporalAddress,
    temporalUiUrl,
    databaseUrl,
    warehouseFile,
    logDirectory,
    processes: () => [
      { name: 'postgres', processId: postgres.current().processId },
      { name: 'temporal', processId: temporal.current().processId },
      { name: 'serve', processId: serve.processId() },
      { name: 'work', processId: work.processId() },
    ],
    stop,
  };
}
