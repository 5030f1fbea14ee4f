import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import type { Event } from '../../event-bus/event.ts';
import { EXPOSURE } from '../../event-bus/event.ts';
import { readConfiguration } from '../../main/configuration.ts';
import { openEventBus } from '../../main/open-event-bus.ts';
import { freePort } from '../../parts/free-port.ts';
import { createAuthority } from '../support/certificates.ts';
import { SKIP_KAFKA, startTestKafka, type TestKafka } from '../support/kafka.ts';

const PASSWORD = 'correct-horse';
const logger = pino({ level: 'silent' });

const EVENT: Event = {
  eventId: '00000000-0000-4000-8000-000000000001',
  eventType: EXPOSURE,
  schemaVersion: 1,
  userId: 'user-1',
  anonymousId: null,
  timestampMs: Date.UTC(2026, 3, 1),
  serviceName: 'secured',
  experimentKey: 'upi_retry',
  epoch: 1,
  variant: 'control',
  decisionId: null,
  properties: {
    flag_key: 'upi_retry',
    reason: 'REASON_SPLIT',
    unit_type: 'user',
    unit_id: 'user-1',
    ruleset_version: 1,
    segments: {},
  },
};

describe('a Kafka that asks for TLS, a certificate and a password', { skip: SKIP_KAFKA }, () => {
  let directory: string;
  let kafka: TestKafka;
  let settings: Record<string, string>;
  let strangerFile: string;
  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'umpire-kafka-tls-'));
    const authority = await createAuthority(directory, 'kafka-authority');
    strangerFile = (await createAuthority(directory, 'stranger')).certificateFile;
    const broker = await authority.issue('127.0.0.1');
    const client = await authority.issue('umpire');
    const keyAndCertificateFile = path.join(directory, 'broker.pem');
    const pem = await Promise.all([broker.keyFile, broker.certificateFile].map((file) => readFile(file, 'utf8')));
    await writeFile(keyAndCertificateFile, pem.join('\n'));
    const port = await freePort();
    const secured = { port, keyAndCertificateFile, authorityFile: authority.certificateFile };
    kafka = await startTestKafka({ secured: { ...secured, user: 'umpire', password: PASSWORD } });
    settings = {
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      KAFKA_PARTITIONS: '2',
      KAFKA_TLS: 'true',
      KAFKA_TLS_CA_FILE: authority.certificateFile,
      KAFKA_TLS_CERT_FILE: client.certificateFile,
      KAFKA_TLS_KEY_FILE: client.keyFile,
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: 'umpire',
      KAFKA_SASL_PASSWORD: PASSWORD,
    };
  });
  after(async () => {
    await kafka.stop();
    await rm(directory, { recursive: true, force: true });
  });

  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512']) {
    test(`events come and go by ${mechanism}`, async () => {
      const configuration = readConfiguration({
        ...settings,
        KAFKA_SASL_MECHANISM: mechanism,
        KAFKA_TOPIC_PREFIX: mechanism,
      });
      const bus = await openEventBus(configuration, logger);
      try {
        assert.equal((await bus.publish([EVENT]))[0]?.status, 'accepted');
        const seen: string[] = [];
        const consumer = await bus.consume({
          group: 'secured',
          onBatch: (batch) => Promise.resolve(void seen.push(...batch.events.map(({ eventId }) => eventId))),
        });
        await consumer.caughtUp();
        assert.deepEqual(seen, [EVENT.eventId]);
      } finally {
        await bus.close();
      }
    });
  }

  test('a wrong password, an unknown authority and a missing certificate are told at once', async () => {
    const problemOf = async (changes: Record<string, string>): Promise<string> => {
      try {
        const bus = await openEventBus(readConfiguration({ ...settings, ...changes }), logger);
        await bus.close();
      } catch (error) {
        assert.ok(error instanceof Error);
        return error.message;
      }
      return 'it was opened';
    };
    const refused =
      /^Kafka at 127\.0\.0\.1:\d+ and this client refuse each other \(.*\); correct the TLS and SASL settings/;
    for (const mechanism of ['plain', 'scram-sha-256']) {
      const wrong = { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_PASSWORD: 'wrong' };
      assert.match(await problemOf(wrong), refused);
      assert.doesNotMatch(await problemOf(wrong), /wrong/);
    }
    assert.match(await problemOf({ KAFKA_TLS_CA_FILE: strangerFile }), refused);
    assert.match(await problemOf({ KAFKA_TLS_CERT_FILE: '', KAFKA_TLS_KEY_FILE: '' }), refused);
  });
});
