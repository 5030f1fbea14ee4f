import { z } from 'zod';
import { addresses, oneOf, readableFile, secret, text, wholeNumber, yesOrNo } from './kinds.ts';
import { needs, together, type Rule } from './rules.ts';

const RETENTION = /^(-1|\d{4,15})$/;

/** Settings of the event log in Kafka. Without `KAFKA_BROKERS` the log is the embedded one, in PostgreSQL. */
export const kafkaSettings = {
  /** Some brokers of the cluster; the others are found through them. */
  KAFKA_BROKERS: addresses('kafka-1:9092,kafka-2:9092').optional(),
  /** How the brokers' logs and quotas name this client. */
  KAFKA_CLIENT_ID: text().default('third-umpire'),
  /** Begins the name of every topic and consumer group. */
  KAFKA_TOPIC_PREFIX: z
    .string()
    .regex(
      /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,150}$/,
      'must be letters, digits, ".", "_" and "-", at most 150, such as umpire',
    )
    .default('umpire'),
  /** Partitions of the events; fixed once their topic is made. Default: what the topic has, else 12. */
  KAFKA_PARTITIONS: wholeNumber({ from: 1, to: 10_000, unit: 'partitions', example: 12 }).optional(),
  /** Of topics that are made. Default: 3, or as many brokers as there are. */
  KAFKA_REPLICATION_FACTOR: wholeNumber({ from: 1, to: 20, unit: 'copies', example: 3 }).optional(),
  /** How long events are kept; -1: for ever. Of a topic that is made. */
  KAFKA_RETENTION_MS: z
    .string()
    .regex(RETENTION, 'must be a whole number of ms from 1000, such as 604800000, or -1 for ever')
    .transform(Number)
    .default(604_800_000),
  /** Whether connections are encrypted. */
  KAFKA_TLS: yesOrNo().default(false),
  /** The certificate authority of the brokers. Default: those that Node.js trusts. */
  KAFKA_TLS_CA_FILE: readableFile('PEM certificates').optional(),
  /** This client's own certificate, where the brokers ask for one. */
  KAFKA_TLS_CERT_FILE: readableFile('a PEM certificate').optional(),
  KAFKA_TLS_KEY_FILE: readableFile('a PEM key').optional(),
  KAFKA_SASL_MECHANISM: oneOf(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  KAFKA_SASL_USERNAME: text().optional(),
  KAFKA_SASL_PASSWORD: secret(text().optional()),
};

const NOT_USED = 'without it, it is not used';

export const KAFKA_RULES: readonly Rule[] = [
  together(['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'], 'a login needs all three'),
  together(['KAFKA_TLS_CERT_FILE', 'KAFKA_TLS_KEY_FILE'], 'a certificate is shown with its key'),
  needs('KAFKA_TLS_CA_FILE', 'KAFKA_TLS', NOT_USED),
  needs('KAFKA_TLS_CERT_FILE', 'KAFKA_TLS', NOT_USED),
  needs('KAFKA_SASL_MECHANISM', 'KAFKA_BROKERS', NOT_USED),
];
