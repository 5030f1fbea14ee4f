import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureKafka } from '../../parts/kafka/distribution.ts';
import { freePort } from '../../parts/free-port.ts';
import { newClusterId, startKafka, type KafkaBroker, type KafkaOptions } from '../../parts/kafka.ts';

const kafka = await ensureKafka();
if (!kafka.isAvailable && process.env['CI'] === 'true')
  throw new Error(`the suites on Kafka must run on CI: ${kafka.reason}`);

/** Why the suites on Kafka are skipped; `false` where they are not. */
export const SKIP_KAFKA: string | false = kafka.isAvailable ? false : kafka.reason;

export interface TestKafka {
  readonly address: string;
  /** Kills the broker with SIGKILL and starts it again on the same data and port. Resolves once it answers. */
  killAndRestart(): Promise<void>;
  /** Kills the broker with SIGKILL until `start`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A broker of its own for one test file; `stop` removes its data. */
export async function startTestKafka(
  options: Pick<KafkaOptions, 'advertisedPort' | 'secured'> = {},
): Promise<TestKafka> {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-kafka-'));
  const dataDirectory = path.join(directory, 'data');
  let broker: KafkaBroker = await startKafka({ dataDirectory, ...options });
  const { address, port } = broker;
  const kill = async (): Promise<void> => {
    process.kill(broker.processId, 'SIGKILL');
    await broker.ended;
  };
  const start = async (): Promise<void> => {
    broker = await startKafka({ dataDirectory, port, ...options });
  };
  return {
    address,
    kill,
    start,
    killAndRestart: async () => {
      await kill();
      await start();
    },
    stop: async () => {
      await broker.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface TestKafkaCluster {
  readonly addresses: readonly string[];
  /** Kills one broker with SIGKILL. */
  kill(index: number): Promise<void>;
  /** Starts a killed broker again on the same data and port. */
  start(index: number): Promise<void>;
  stop(): Promise<void>;
}

/** Several brokers, each a controller too. */
export async function startTestKafkaCluster(size: number): Promise<TestKafkaCluster> {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-kafka-cluster-'));
  const members = Array.from({ length: size }, (_, index) => index);
  const controllerPorts = await Promise.all(members.map(() => freePort()));
  const ports = await Promise.all(members.map(() => freePort()));
  const clusterId = newClusterId();
  const startMember = (index: number): Promise<KafkaBroker> =>
    startKafka({
      dataDirectory: path.join(directory, String(index)),
      cluster: { clusterId, nodeId: index + 1, controllerPorts },
      ...(ports[index] === undefined ? {} : { port: ports[index] }),
    });
  const brokers = await Promise.all(members.map(startMember));
  return {
    addresses: brokers.map(({ address }) => address),
    kill: async (index) => {
      const broker = brokers[index];
      if (broker === undefined) throw new RangeError(`there is no broker ${index}`);
      process.kill(broker.processId, 'SIGKILL');
      await broker.ended;
    },
    start: async (index) => {
      brokers[index] = await startMember(index);
    },
    stop: async () => {
      await Promise.all(brokers.map((broker) => broker.stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
