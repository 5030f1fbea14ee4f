import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ConfigurationError, readConfiguration } from '../configuration.ts';

const KEY = randomBytes(32).toString('base64');

describe('the settings of Temporal', () => {
  let directory: string;
  before(() => (directory = mkdtempSync(path.join(tmpdir(), 'umpire-temporal-settings-'))));
  after(() => rmSync(directory, { recursive: true }));
  const file = (name: string, content: string): string => {
    const named = path.join(directory, name);
    writeFileSync(named, content);
    return named;
  };

  test('everything that is wrong is named at once, and no secret is repeated', () => {
    const problems = problemsOf({
      TEMPORAL_TLS: 'false',
      TEMPORAL_TLS_CLIENT_CERT_PATH: file('client.pem', 'a certificate'),
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: path.join(directory, 'none.pem'),
      TEMPORAL_DEPLOYMENT_NAME: 'umpire',
      UMPIRE_MAX_WORKFLOW_TASKS: '1',
      UMPIRE_MAX_ACTIVITIES: '5',
      UMPIRE_WORKER_TARGET_MEMORY: '0.8',
      UMPIRE_PAYLOAD_KEYS: `${KEY.slice(0, 20)}`,
      UMPIRE_CODEC_TOKEN: 'short-token',
      UMPIRE_CODEC_ORIGINS: 'https://temporal.example.com/path',
    });
    for (const expected of [
      /^TEMPORAL_TLS_SERVER_CA_CERT_PATH must name a file with certificates in PEM: there is none/m,
      /^TEMPORAL_TLS_CLIENT_KEY_PATH must be set where TEMPORAL_TLS_CLIENT_CERT_PATH is/m,
      /^TEMPORAL_TLS is false where .*TEMPORAL_TLS_CLIENT_CERT_PATH is set/m,
      /^TEMPORAL_WORKER_BUILD_ID must be set where TEMPORAL_DEPLOYMENT_NAME is/m,
      /^UMPIRE_MAX_WORKFLOW_TASKS must be at least 2 workflow tasks/m,
      /^UMPIRE_WORKER_TARGET_CPU must be set where UMPIRE_WORKER_TARGET_MEMORY is/m,
      /^UMPIRE_MAX_ACTIVITIES and UMPIRE_WORKER_TARGET_MEMORY are both set/m,
      /^UMPIRE_PAYLOAD_KEYS cannot be used: key 1 must be id:key/m,
      /^UMPIRE_CODEC_TOKEN must have at least 16 characters$/m,
      /^UMPIRE_CODEC_ORIGINS must be origins such as/m,
    ]) {
      assert.match(problems, expected);
    }
    assert.ok(!problems.includes(KEY.slice(0, 20)));
    assert.ok(!problems.includes('short-token'));
  });

  test('keys come from the environment or from a file, and not from both', () => {
    const keys = `2026:${KEY}`;
    const named = file('keys.txt', `# of November\n${keys}\n`);
    assert.equal(readConfiguration({ UMPIRE_PAYLOAD_KEYS: keys }).UMPIRE_PAYLOAD_KEYS?.current.id, '2026');
    assert.equal(readConfiguration({ UMPIRE_PAYLOAD_KEYS_FILE: named }).UMPIRE_PAYLOAD_KEYS_FILE?.current.id, '2026');
    const both = problemsOf({ UMPIRE_PAYLOAD_KEYS: keys, UMPIRE_PAYLOAD_KEYS_FILE: named });
    assert.match(both, /^UMPIRE_PAYLOAD_KEYS and UMPIRE_PAYLOAD_KEYS_FILE are both set: keep the keys in one place$/m);
    const broken = problemsOf({ UMPIRE_PAYLOAD_KEYS_FILE: file('broken.txt', 'nothing') });
    assert.match(broken, /^UMPIRE_PAYLOAD_KEYS_FILE cannot be used: key 1 must be id:key/m);
  });
});

function problemsOf(variables: Record<string, string>): string {
  try {
    readConfiguration(variables);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
    return error.message;
  }
  assert.fail('it was read');
}
