import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureKafka } from '../../parts/kafka/distribution.ts';
import { startKafka, type KafkaBroker, type KafkaOptions } from '../../parts/kafka.ts';

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
