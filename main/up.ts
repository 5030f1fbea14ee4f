import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../parts/free-port.ts';
import { startKafka, type KafkaBroker } from '../parts/kafka.ts';
import { startPostgres } from '../parts/postgres.ts';
import { startTemporal } from '../parts/temporal.ts';
import type { EventCounts } from './event-counts.ts';
import { readConfiguration } from './configuration.ts';
import { keepPart, type KeptPart } from './kept-part.ts';
import { TEMPORAL_CONNECTION_SETTINGS } from './settings/temporal.ts';
import { supervise, type SupervisedProcess } from './supervised.ts';

export interface PlatformOptions {
  /** Where everything is kept. */
  readonly dataDirectory: string;
  /**
   * Where events go: into a log in that same PostgreSQL, or into Kafka: that of `KAFKA_BROKERS`, else a broker of its own. Default: what
   * `KAFKA_BROKERS` says.
   */
  readonly bus?: 'embedded' | 'kafka';
  /** Default: `KAFKA_TOPIC_PREFIX`. */
  readonly kafkaTopicPrefix?: string;
  /** Default: a free port for each. */
  readonly ports?: {
    readonly grpc?: number;
    readonly temporal?: number;
    readonly temporalUi?: number;
    readonly postgres?: number;
    /** Of health and metrics of the services. */
    readonly serveHttp?: number;
    /** Of health and metrics of the worker. */
    readonly workHttp?: number;
    readonly kafka?: number;
  };
  /** A file of event types (`event-bus/schemas/document.ts`). */
  readonly eventTypesFile?: string;
  readonly scorecardEveryMs?: number;
  /** The `temporal` command; default: `TEMPORAL_CLI_PATH`, else the one that set-up got, else the one on PATH. */
  readonly temporalExecutable?: string;
  /** Breaks off while it is starting: what was started is ended, and the promise rejects. */
  readonly signal?: AbortSignal;
  /** Told what is being started, and what ended by itself. */
  readonly onProgress: (message: string) => void;
}

export interface Platform {
  readonly grpcAddress: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string;
  readonly databaseUrl: string;
  /** Of the broker that was started; null where none was. */
  readonly kafkaAddress: string | null;
  readonly warehouseFile: string;
  /** `host:port` of /healthz, /readyz and /metrics of each of our processes. */
  readonly httpAddresses: { readonly serve: string; readonly work: string };
  readonly logDirectory: string;
  /** Waits until every event so far has come to its end, and counts them on the way. */
  eventCounts(): Promise<EventCounts>;
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
  const logDirectory = path.join(options.dataDirectory, 'logs');
  await mkdir(logDirectory, { recursive: true });
  const beginning = { options, started, logDirectory };
  try {
    const parts = await startParts(beginning);
    const processes = await startProcesses(beginning, parts);
    options.signal?.throwIfAborted();
    return {
      ...parts.addresses,
      ...processes.addresses,
      logDirectory,
      eventCounts: processes.eventCounts,
      processes: () => [...parts.list(), ...processes.list()],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Beginning {
  readonly options: PlatformOptions;
  /** How to end what was started, in the order in which it was. */
  readonly started: (() => Promise<void>)[];
  readonly logDirectory: string;
}

function begin({ options }: Beginning, message: string): void {
  options.signal?.throwIfAborted();
  options.onProgress(message);
}

function logOf({ logDirectory }: Beginning, name: string): (line: string) => void {
  const file = createWriteStream(path.join(logDirectory, `${name}.log`), { flags: 'a' });
  return (line) => void file.write(line);
}

/** The servers that are not ours. Their ports are settled once, so that one that is started again is found where it was. */
async function startParts(beginning: Beginning) {
  const { started } = beginning;
  const { dataDirectory, ports = {}, onProgress } = beginning.options;
  const executable = beginning.options.temporalExecutable ?? readConfiguration().TEMPORAL_CLI_PATH;

  begin(beginning, 'starting PostgreSQL');
  const postgresOptions = {
    dataDirectory: path.join(dataDirectory, 'postgres'),
    port: ports.postgres ?? (await freePort()),
    onLog: logOf(beginning, 'postgres'),
  };
  const postgres = await keepPart('PostgreSQL', () => startPostgres(postgresOptions), onProgress);
  started.push(() => postgres.stop());

  begin(beginning, 'starting Temporal and its UI');
  const temporalOptions = {
    dataFile: path.join(dataDirectory, 'temporal.sqlite'),
    port: ports.temporal ?? (await freePort()),
    uiPort: ports.temporalUi ?? (await freePort()),
    onLog: logOf(beginning, 'temporal'),
    ...(executable === undefined ? {} : { executable }),
  };
  const temporal = await keepPart('Temporal', () => startTemporal(temporalOptions), onProgress);
  started.push(() => temporal.stop());
  const kafka = await startBroker(beginning);
  const { address, uiUrl } = temporal.current();
  return {
    addresses: {
      databaseUrl: postgres.current().url,
      temporalAddress: address,
      temporalUiUrl: uiUrl,
      kafkaAddress: kafka?.current().address ?? null,
    },
    list: () => [
      { name: 'postgres', processId: postgres.current().processId },
      { name: 'temporal', processId: temporal.current().processId },
      ...(kafka === null ? [] : [{ name: 'kafka', processId: kafka.current().processId }]),
    ],
  };
}

/** Null where no broker of its own is needed. */
async function startBroker(beginning: Beginning): Promise<KeptPart<KafkaBroker> | null> {
  const { bus, dataDirectory, ports = {}, onProgress } = beginning.options;
  if (bus !== 'kafka' || readConfiguration().KAFKA_BROKERS !== undefined) return null;
  begin(beginning, 'starting Kafka');
  const options = {
    dataDirectory: path.join(dataDirectory, 'kafka'),
    port: ports.kafka ?? (await freePort()),
    onLog: logOf(beginning, 'kafka'),
  };
  const kafka = await keepPart('Kafka', () => startKafka(options), onProgress);
  beginning.started.push(() => kafka.stop());
  return kafka;
}

/** The brokers for our own processes, where they differ from this process's own settings. */
function brokersFor({ bus, kafkaTopicPrefix: prefix }: PlatformOptions, ownBroker: string | null) {
  return {
    ...(ownBroker === null ? {} : { KAFKA_BROKERS: ownBroker }),
    ...(bus === 'embedded' ? { KAFKA_BROKERS: '' } : {}),
    ...(prefix === undefined ? {} : { KAFKA_TOPIC_PREFIX: prefix }),
  };
}

/** Our own processes. */
async function startProcesses(beginning: Beginning, { addresses }: Awaited<ReturnType<typeof startParts>>) {
  const { dataDirectory, ports = {}, eventTypesFile, scorecardEveryMs, onProgress } = beginning.options;
  const warehouseFile = path.join(dataDirectory, 'warehouse.duckdb');
  const environment = {
    // The platform's own Temporal wants neither certificates nor keys of another one.
    ...Object.fromEntries(TEMPORAL_CONNECTION_SETTINGS.map((name) => [name, ''])),
    DATABASE_URL: addresses.databaseUrl,
    TEMPORAL_ADDRESS: addresses.temporalAddress,
    UMPIRE_WAREHOUSE_FILE: warehouseFile,
    UMPIRE_ADDRESS: `127.0.0.1:${ports.grpc ?? (await freePort())}`,
    ...brokersFor(beginning.options, addresses.kafkaAddress),
    ...(eventTypesFile === undefined ? {} : { UMPIRE_EVENT_TYPES: eventTypesFile }),
    ...(scorecardEveryMs === undefined ? {} : { UMPIRE_SCORECARD_EVERY_MS: String(scorecardEveryMs) }),
  };
  const start = async (name: string, httpPort: number): Promise<SupervisedProcess> => {
    const supervised = await supervise({
      name,
      modulePath: `./${name}-main`,
      environment: { ...environment, UMPIRE_HTTP_ADDRESS: `127.0.0.1:${httpPort}` },
      onLog: logOf(beginning, name),
      onCrash: onProgress,
    });
    beginning.started.push(() => supervised.stop());
    return supervised;
  };
  begin(beginning, 'starting the gRPC services');
  const serve = await start('serve', ports.serveHttp ?? (await freePort()));
  begin(beginning, 'starting the worker, ingest and the live monitor');
  const work = await start('work', ports.workHttp ?? (await freePort()));
  return {
    addresses: {
      grpcAddress: serve.offers['address'] ?? '',
      warehouseFile,
      httpAddresses: { serve: serve.offers['http'] ?? '', work: work.offers['http'] ?? '' },
    },
    eventCounts: async () => (await work.ask('event counts')) as EventCounts,
    list: () => [serve, work].map(({ name, processId }) => ({ name, processId: processId() })),
  };
}
