import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { defaultPayloadConverter } from '@temporalio/common';
import { startCodecServer, UnsafeCodecServerError, type CodecServer } from './codec-server.ts';
import { EncryptionCodec } from './encryption-codec.ts';
import { payloadsFromJson, payloadsToJson } from './payload-json.ts';
import { parsePayloadKeys } from './payload-keys.ts';

const UI = 'http://127.0.0.1:8233';
const TOKEN = 'a-token-of-the-operator';
const codec = new EncryptionCodec(parsePayloadKeys(`k1:${randomBytes(32).toString('base64')}`));
const plain = payloadsToJson([defaultPayloadConverter.toPayload({ experiment: 'upi_retry' }) ?? {}]);

describe('the codec server on this machine', () => {
  let server: CodecServer;
  before(async () => (server = await startCodecServer({ address: '127.0.0.1:0', codec, origins: [UI] })));
  after(() => server.stop());

  test('encrypts what the UI sends and decrypts it again', async () => {
    const encoded = await ask(server, '/encode', plain, { origin: UI });
    assert.equal(encoded.status, 200);
    const decoded = await ask(server, '/decode', encoded.body, { origin: UI });
    assert.deepEqual(decoded.body, plain);
    assert.equal(decoded.headers.get('access-control-allow-origin'), UI);
    // What is not encrypted is shown as it is.
    assert.deepEqual((await ask(server, '/some/path/decode', plain)).body, plain);
  });

  test('answers the browser that asks before it asks', async () => {
    const allowed = await fetch(`${server.url}/decode`, { method: 'OPTIONS', headers: { origin: UI } });
    assert.equal(allowed.status, 204);
    assert.match(allowed.headers.get('access-control-allow-headers') ?? '', /x-namespace/);
    const other = await fetch(`${server.url}/decode`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example' },
    });
    assert.equal(other.headers.get('access-control-allow-origin'), null);
  });

  test('decrypts for no other page, and for no other name of this machine', async () => {
    const elsewhere = await ask(server, '/decode', plain, { origin: 'https://evil.example' });
    assert.equal(elsewhere.status, 403);
    assert.match(JSON.stringify(elsewhere.body), /UMPIRE_CODEC_ORIGINS/);
    assert.equal(await statusAsHost(server, 'evil.example'), 403);
    assert.equal(await statusAsHost(server, 'localhost:1'), 200);
  });

  test('says what is wrong', async () => {
    const wrong = async (path: string, body: unknown): Promise<string> => {
      const answer = await ask(server, path, body);
      return `${answer.status} ${JSON.stringify(answer.body)}`;
    };
    assert.match(await wrong('/other', plain), /^404 .*\/decode and \/encode/);
    assert.match(
      await wrong('/decode', { payloads: [{ metadata: { encoding: 7 } }] }),
      /^400 .*payloads\[0\].metadata.encoding/,
    );
    assert.match(await wrong('/decode', []), /^400 .*payloads/);
    const [payload = {}] = await codec.encode(payloadsFromJson(plain));
    const others = payloadsToJson([
      { ...payload, metadata: { ...payload.metadata, 'encryption-key-id': Buffer.from('k0') } },
    ]);
    assert.match(await wrong('/decode', others), /^422 .*key \\"k0\\"/);
    assert.equal((await fetch(`${server.url}/decode`)).status, 405);
    assert.equal((await fetch(`${server.url}/decode`, { method: 'POST', body: '{' })).status, 400);
  });
});

test('with a token, only whoever shows it is answered', async () => {
  const server = await startCodecServer({ address: '127.0.0.1:0', codec, origins: [UI], token: TOKEN });
  try {
    const status = async (authorization?: string): Promise<number> =>
      (await ask(server, '/decode', plain, authorization === undefined ? {} : { authorization })).status;
    assert.equal(await status(), 401);
    assert.equal(await status(`Bearer ${TOKEN}x`), 401);
    assert.equal(await status(TOKEN), 401);
    assert.equal(await status(`Bearer ${TOKEN}`), 200);
  } finally {
    await server.stop();
  }
});

test('nobody else than this machine is served without a token', async () => {
  await assert.rejects(startCodecServer({ address: '0.0.0.0:0', codec, origins: [UI] }), UnsafeCodecServerError);
  const server = await startCodecServer({ address: '0.0.0.0:0', codec, origins: [UI], token: TOKEN });
  await server.stop();
});

async function ask({ url }: CodecServer, path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
  const answer: unknown = await response.json();
  return { status: response.status, headers: response.headers, body: answer };
}

/** `fetch` does not let a test name another host. */
function statusAsHost({ url }: CodecServer, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/decode`, { method: 'POST', headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once('error', reject);
    asked.end(JSON.stringify(plain));
  });
}
