import type { Broker, Cluster, Message } from 'kafkajs';

/** What a broker knows a producer by. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface ProduceBatch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly Message[];
  readonly firstSequence: number;
  readonly producer: ProducerIdentity;
}

const ALL_REPLICAS = -1;

/** One attempt to store a batch in one partition. Resolves once every replica in sync has it. */
export async function produce(cluster: Cluster, batch: ProduceBatch, timeoutMs: number): Promise<void> {
  const { topic, partition, messages, firstSequence, producer } = batch;
  const broker = await leaderOf(cluster, topic, partition);
  await broker.produce({
    acks: ALL_REPLICAS,
    timeout: timeoutMs,
    producerId: producer.producerId,
    producerEpoch: producer.producerEpoch,
    topicData: [{ topic, partitions: [{ partition, firstSequence, messages: [...messages] }] }],
  });
}

/** The broker that leads a partition, connected. */
export async function leaderOf(cluster: Cluster, topic: string, partition: number): Promise<Broker> {
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  // Without it kafkajs would send nothing and call that a success.
  if (nodeId === undefined || Number(nodeId) < 0)
    throw new Error(`partition ${partition} of ${topic} has no leader now`);
  return await cluster.findBroker({ nodeId });
}

interface ProducerIds {
  initProducerId(request: {
    transactionTimeout: number;
  }): Promise<{ readonly producerId: string; readonly producerEpoch: number }>;
}

/** A new producer, whose sequence numbers begin at 0. */
export async function assignProducerId(cluster: Cluster): Promise<ProducerIdentity> {
  const broker = await cluster.findControllerBroker();
  if (!givesProducerIds(broker)) throw new Error('kafkajs gives no producer ids; is it another version than 2.2?');
  const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: 60_000 });
  return { producerId: Number(producerId), producerEpoch };
}

/** kafkajs' broker has it, and its types leave it out. */
function givesProducerIds(broker: Broker): broker is Broker & ProducerIds {
  return 'initProducerId' in broker && typeof broker.initProducerId === 'function';
}
