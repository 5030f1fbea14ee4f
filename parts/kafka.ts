import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { freePort } from './free-port.ts';
import { ensureKafka } from './kafka/distribution.ts';
import { brokerProperties, type ClusterMember, type SecuredListener } from './kafka/broker-properties.ts';
import { startTethered, type TetheredProcess } from './tethered-process.ts';

export interface KafkaBroker {
  /** `host:port` for clients. */
  readonly address: string;
  readonly port: number;
  readonly processId: number;
  /** Settles when the broker has ended, for whatever reason. */
  readonly ended: Promise<unknown>;
  /** Ends the broker in order. Its data stays. */
  stop(): Promise<void>;
}

export interface KafkaOptions {
  /** Formatted on first use, reused afterwards. */
  readonly dataDirectory: string;
  /** Default: a free one. */
  readonly port?: number;
  /** What clients are told to connect to, such as a proxy before the broker. Default: the broker itself. */
  readonly advertisedPort?: number;
  /** A second listener, for clients that come with TLS, a certificate and a password. */
  readonly secured?: SecuredListener;
  /** Default: alone. */
  readonly cluster?: ClusterMember;
  readonly onLog?: (line: string) => void;
}

const ATTEMPTS = 10;
const START_TIMEOUT_MS = 90_000;
const MAX_OUTPUT = 8_000;
/** Small, and quick to start: this broker serves one machine. */
const JAVA_OPTIONS = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

/**
 * Starts a Kafka broker of one node (KRaft) on 127.0.0.1. It ends with this process, however that ends, and can be started again on the
 * same data and port.
 *
 * @throws Error naming what is in the way: no Java, no Maven, the port, another broker on the data
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaBroker> {
  const kafka = await ensureKafka();
  if (!kafka.isAvailable) throw new Error(`Kafka cannot be started: ${kafka.reason}`);
  const dataDirectory = path.resolve(options.dataDirectory);
  await mkdir(dataDirectory, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const propertiesFile = path.join(dataDirectory, 'server.properties');
    const advertisedPort = options.advertisedPort ?? port;
    const { cluster, secured } = options;
    const controllerPort = cluster?.controllerPorts[cluster.nodeId - 1] ?? (await freePort());
    const settings = { dataDirectory, port, advertisedPort, controllerPort, cluster };
    const properties = brokerProperties(settings, secured);
    await writeFile(propertiesFile, properties);
    const start = new StartingBroker(kafka.classPath, propertiesFile, options.onLog);
    await start.format(path.join(dataDirectory, 'log'), options);
    const server = await start.run();
    if (await isServing(server, `127.0.0.1:${port}`, advertisedPort === port)) {
      return {
        address: `127.0.0.1:${port}`,
        port,
        processId: server.processId,
        ended: server.ended,
        stop: () => server.stop(),
      };
    }
    // A free port may have been taken meanwhile, and a killed broker's port may not be free yet.
    if (!start.isPortTaken() || attempt === ATTEMPTS) throw startFailure(start, port, dataDirectory);
    await delay(500);
  }
}

class StartingBroker {
  readonly #classPath: string;
  readonly #propertiesFile: string;
  readonly #onLog: ((line: string) => void) | undefined;
  output = '';

  constructor(classPath: string, propertiesFile: string, onLog: ((line: string) => void) | undefined) {
    this.#classPath = classPath;
    this.#propertiesFile = propertiesFile;
    this.#onLog = onLog;
  }

  /** Gives a new data folder its identity. */
  async format(logDirectory: string, { cluster, secured }: KafkaOptions): Promise<void> {
    if (existsSync(path.join(logDirectory, 'meta.properties'))) return;
    const clusterId = cluster?.clusterId ?? (await this.#clusterId());
    const args = ['format', '--ignore-formatted', '-t', clusterId, '-c', this.#propertiesFile, ...scramUsers(secured)];
    const storage = await this.#java('kafka.tools.StorageTool', args);
    const { code } = await storage.ended;
    if (code !== 0) throw new Error(`Kafka's data folder ${logDirectory} could not be formatted:\n${this.output}`);
  }

  async run(): Promise<TetheredProcess> {
    return await this.#java('kafka.Kafka', [this.#propertiesFile]);
  }

  isPortTaken(): boolean {
    return /BindException|Address already in use/.test(this.output);
  }

  /** Kept beside the data, so that formatting that was broken off is repeated with the same id. */
  async #clusterId(): Promise<string> {
    const file = path.join(path.dirname(this.#propertiesFile), 'cluster-id');
    if (existsSync(file)) return await readFile(file, 'utf8');
    const id = newClusterId();
    await writeFile(file, id);
    return id;
  }

  async #java(mainClass: string, args: readonly string[]): Promise<TetheredProcess> {
    return await startTethered('java', [...JAVA_OPTIONS, '-cp', this.#classPath, mainClass, ...args], {
      onOutput: (text) => {
        this.output = (this.output + text).slice(-MAX_OUTPUT);
        this.#onLog?.(text);
      },
    });
  }
}

/** A name for a new cluster, as Kafka wants it. */
export function newClusterId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A');
}

/** False where the broker ended instead, or did not answer in time. A proxy that is advertised may not be there yet. */
async function isServing(server: TetheredProcess, address: string, canAskAll: boolean): Promise<boolean> {
  const startedAt = performance.now();
  const admin = new Kafka({
    brokers: [address],
    clientId: 'umpire-start',
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  }).admin();
  while (!server.hasEnded() && performance.now() - startedAt < START_TIMEOUT_MS) {
    try {
      await admin.connect();
      if (canAskAll) await admin.listTopics();
      await admin.disconnect();
      return true;
    } catch {
      // Not yet: it is asked again until it answers, ends, or the time is over.
      await delay(100);
    }
  }
  await server.stop();
  return false;
}

function startFailure(start: StartingBroker, port: number, dataDirectory: string): Error {
  if (start.isPortTaken()) {
    return new Error(`port ${port} of 127.0.0.1 is in use; end what listens there, or choose another for Kafka`);
  }
  if (/Failed to acquire lock on file/.test(start.output)) {
    return new Error(`another Kafka broker is running on ${dataDirectory}; end it, or use another folder`);
  }
  return new Error(`Kafka could not be started on ${dataDirectory}:\n${start.output}`);
}

/** Such passwords are kept with the data, hashed, and not in the settings. */
function scramUsers(secured: SecuredListener | undefined): string[] {
  if (secured === undefined) return [];
  const { user, password } = secured;
  return ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${user},password=${password}]`,
  ]);
}
