import { PartitionAssigners, type Cluster, type Kafka } from 'kafkajs';
import { backoffMs, pause } from '../pause.ts';
import { isRefusal, isStaleMetadata, kafkaErrorType, withDeadline } from './failure.ts';

const CONNECT_MS = 15_000;
const CLOSE_MS = 1_000;
const INSIST_MS = 30_000;
/** Longer than any request is allowed to take by kafkajs itself. */
const REQUEST_MS = 40_000;

/**
 * A connection to the brokers, made when it is first needed and anew after it broke.
 *
 * kafkajs keeps a broken connection's state: requests that never time out, brokers that were removed, a pool that counts as connected.
 * So nothing of a connection that failed is used again, and every request has a deadline of its own here.
 */
export class KafkaSession {
  readonly #kafka: Kafka;
  readonly #topics: readonly string[];
  #cluster: Promise<Cluster> | undefined;
  #isClosed = false;

  constructor(kafka: Kafka, topics: readonly string[]) {
    this.#kafka = kafka;
    this.#topics = topics;
  }

  /** Does something with the connection. What fails is not tried again here, but the next try finds a connection that may work. */
  async use<T>(what: string, work: (cluster: Cluster) => Promise<T>, deadlineMs = REQUEST_MS): Promise<T> {
    if (this.#isClosed) throw new Error('the connection to Kafka is closed');
    const connecting = (this.#cluster ??= this.#connect());
    let cluster: Cluster;
    try {
      cluster = await connecting;
    } catch (error) {
      if (this.#cluster === connecting) this.#cluster = undefined;
      throw error;
    }
    try {
      return await withDeadline(work(cluster), deadlineMs, what);
    } catch (error) {
      if (isStaleMetadata(error)) await this.#refresh(cluster, connecting);
      else if (kafkaErrorType(error) === undefined) this.#giveUp(cluster, connecting);
      throw error;
    }
  }

  /** Does something that may be done twice, again and again for at most `forMs`, until it succeeds. */
  async insist<T>(what: string, work: (cluster: Cluster) => Promise<T>, forMs = INSIST_MS): Promise<T> {
    const startedAt = performance.now();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.use(what, work);
      } catch (error) {
        if (this.#isClosed || isRefusal(error) || performance.now() - startedAt > forMs) throw error;
        await pause(backoffMs(attempt));
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const connecting = this.#cluster;
    this.#cluster = undefined;
    const cluster = await connecting?.catch(() => undefined);
    if (cluster !== undefined) await disconnect(cluster);
  }

  async #connect(): Promise<Cluster> {
    const cluster = clusterOf(this.#kafka);
    try {
      await withDeadline(cluster.connect(), CONNECT_MS, 'connecting');
      await withDeadline(cluster.addMultipleTargetTopics([...this.#topics]), CONNECT_MS, 'reading the topics');
      return cluster;
    } catch (error) {
      void disconnect(cluster);
      throw error;
    }
  }

  async #refresh(cluster: Cluster, connecting: Promise<Cluster>): Promise<void> {
    try {
      await withDeadline(cluster.refreshMetadata(), CONNECT_MS, 'looking for the leaders');
    } catch {
      // The failure that led here is told by the caller; the next try connects anew.
      this.#giveUp(cluster, connecting);
    }
  }

  #giveUp(cluster: Cluster, connecting: Promise<Cluster>): void {
    if (this.#cluster === connecting) this.#cluster = undefined;
    void disconnect(cluster);
  }
}

/** kafkajs hands its connection to partition assigners: the one public way to its protocol below the producer and the consumer. */
function clusterOf(kafka: Kafka): Cluster {
  const found: Cluster[] = [];
  kafka.consumer({
    groupId: 'unused',
    allowAutoTopicCreation: false,
    metadataMaxAge: 60_000,
    partitionAssigners: [
      (config) => {
        found.push(config.cluster);
        return PartitionAssigners.roundRobin(config);
      },
    ],
  });
  const [cluster] = found;
  if (cluster === undefined)
    throw new Error('kafkajs did not hand out its connection; is it another version than 2.2?');
  return cluster;
}

/** Never rejects, and never waits long: a dead connection has nothing to say. */
async function disconnect(cluster: Cluster): Promise<void> {
  try {
    await withDeadline(cluster.disconnect(), CLOSE_MS, 'disconnecting');
  } catch {
    // Its sockets end with it.
  }
}
