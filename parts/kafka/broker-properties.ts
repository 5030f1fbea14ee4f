import path from 'node:path';

export interface BrokerProperties {
  readonly dataDirectory: string;
  readonly port: number;
  readonly advertisedPort: number;
  readonly controllerPort: number;
  readonly cluster?: ClusterMember | undefined;
}

/** One of several brokers that are each other's controllers. */
export interface ClusterMember {
  /** The same for all of them: 22 characters of base64url. */
  readonly clusterId: string;
  /** From 1. */
  readonly nodeId: number;
  /** Of every member, in the order of their ids. */
  readonly controllerPorts: readonly number[];
}

/** Clients show a certificate and log in by SASL: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. */
export interface SecuredListener {
  readonly port: number;
  /** The broker's key and certificate, PEM. */
  readonly keyAndCertificateFile: string;
  /** Whose certificates clients must have, PEM. */
  readonly authorityFile: string;
  readonly user: string;
  readonly password: string;
}

/**
 * The settings of a broker that is a controller too. Alone, every replication factor is 1, and nothing waits for others; in a cluster there
 * are as many copies as members, up to three.
 */
export function brokerProperties(options: BrokerProperties, secured?: SecuredListener): string {
  const { dataDirectory, port, advertisedPort, controllerPort, cluster } = options;
  const voters = (cluster?.controllerPorts ?? [controllerPort]).map((each, index) => `${index + 1}@127.0.0.1:${each}`);
  const copies = Math.min(3, voters.length);
  const inSync = copies === 3 ? 2 : 1;
  const settings: Readonly<Record<string, string | number | boolean>> = {
    'process.roles': 'broker,controller',
    'node.id': cluster?.nodeId ?? 1,
    'controller.quorum.voters': voters.join(','),
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${advertisedPort}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': path.join(dataDirectory, 'log'),
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 1,
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    // A broker that was killed is let in again at once.
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 400,
    'controlled.shutdown.enable': false,
    // A consumer that comes alone need not wait for others.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 500,
    // The default takes 128 MB of memory.
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    'num.network.threads': 2,
    'num.io.threads': 4,
    ...(secured === undefined ? {} : securedProperties(options, secured)),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function securedProperties(
  { port, advertisedPort, controllerPort }: BrokerProperties,
  secured: SecuredListener,
): Record<string, string> {
  const login = `username="${secured.user}" password="${secured.password}" user_${secured.user}="${secured.password}"`;
  const module = 'org.apache.kafka.common.security';
  return {
    listeners: `PLAINTEXT://127.0.0.1:${port},SECURED://127.0.0.1:${secured.port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${advertisedPort},SECURED://127.0.0.1:${secured.port}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURED:SASL_SSL',
    'listener.name.secured.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.secured.plain.sasl.jaas.config': `${module}.plain.PlainLoginModule required ${login};`,
    'listener.name.secured.scram-sha-256.sasl.jaas.config': `${module}.scram.ScramLoginModule required;`,
    'listener.name.secured.scram-sha-512.sasl.jaas.config': `${module}.scram.ScramLoginModule required;`,
    'listener.name.secured.ssl.keystore.type': 'PEM',
    'listener.name.secured.ssl.keystore.location': secured.keyAndCertificateFile,
    'listener.name.secured.ssl.truststore.type': 'PEM',
    'listener.name.secured.ssl.truststore.location': secured.authorityFile,
    'listener.name.secured.ssl.client.auth': 'required',
  };
}
