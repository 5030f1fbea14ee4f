import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { EncryptionCodec, PayloadDecryptionError } from './encryption-codec.ts';
import { parsePayloadKeys, PayloadKeysError } from './payload-keys.ts';

const OLD = `2025:${randomBytes(32).toString('base64')}`;
const NEW = `2026:${randomBytes(32).toString('base64')}`;

test('every payload comes back as it was, and twice the same never looks the same', async () => {
  const codec = new EncryptionCodec(parsePayloadKeys(NEW));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 5 }), async (values) => {
      const payloads = values.map((value) => payloadOf(value));
      const [encrypted, again] = await Promise.all([codec.encode(payloads), codec.encode(payloads)]);
      const decrypted = await codec.decode(encrypted);
      assert.deepEqual(decrypted.map(valueOf), payloads.map(valueOf));
      for (const [index, payload] of encrypted.entries()) {
        assert.notDeepEqual(payload.data, again[index]?.data);
        assert.deepEqual(Object.keys(payload.metadata ?? {}).sort(), ['encoding', 'encryption-key-id']);
      }
    }),
  );
});

test('after a rotation old payloads are still read and new ones have the new key', async () => {
  const before = new EncryptionCodec(parsePayloadKeys(OLD));
  const after = new EncryptionCodec(parsePayloadKeys(`${NEW},${OLD}`));
  const [old] = await before.encode([payloadOf('kept')]);
  assert.ok(old !== undefined);
  assert.equal(valueOf((await after.decode([old]))[0]), 'kept');
  const [fresh] = await after.encode([payloadOf('new')]);
  assert.equal(Buffer.from(fresh?.metadata?.['encryption-key-id'] ?? []).toString(), '2026');
  await assert.rejects(before.decode([fresh ?? {}]), {
    name: 'PayloadDecryptionError',
    message:
      'a payload is encrypted with the key "2026", and this process has only 2025; add that key behind the current one',
  });
});

test('what was written before encryption is read as it is', async () => {
  const codec = new EncryptionCodec(parsePayloadKeys(NEW));
  const payload = payloadOf({ experiment: 'upi_retry' });
  assert.deepEqual(await codec.decode([payload, {}]), [payload, {}]);
});

test('a payload that was changed anywhere is refused', async () => {
  const codec = new EncryptionCodec(parsePayloadKeys(NEW));
  const [encrypted] = await codec.encode([payloadOf('ship')]);
  const data = encrypted?.data ?? new Uint8Array();
  for (let at = 0; at < data.length; at += 1) {
    const changed = Buffer.from(data);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await assert.rejects(codec.decode([{ ...encrypted, data: changed }]), PayloadDecryptionError);
    await assert.rejects(codec.decode([{ ...encrypted, data: changed.subarray(0, at) }]), PayloadDecryptionError);
  }
});

test('keys are read from lines or commas, with comments', () => {
  const keys = parsePayloadKeys(`# the newest first\n${NEW}\n\n  ${OLD}  \n`);
  assert.equal(keys.current.id, '2026');
  assert.deepEqual([...keys.byId.keys()], ['2026', '2025']);
});

test('bad keys are named by their id or place, and never repeated', () => {
  const secret = randomBytes(16).toString('base64');
  const cases: readonly [string, RegExp][] = [
    ['', /^there is no key; write one as id:key$/],
    ['# only a comment', /^there is no key/],
    [secret, /^key 1 must be id:key/],
    [`${NEW},${secret}`, /^key 2 must be id:key/],
    [`a b:${secret}`, /^key 1 must be id:key/],
    [`short:${secret}`, /^key "short" must be 32 bytes in base64, as "openssl rand -base64 32" makes them$/],
    [`odd:${'*'.repeat(44)}`, /^key "odd" must be 32 bytes/],
    [`${NEW},${NEW}`, /^two keys have the id "2026"/],
  ];
  for (const [text, expected] of cases) {
    assert.throws(
      () => parsePayloadKeys(text),
      (error) => error instanceof PayloadKeysError && expected.test(error.message) && !error.message.includes(secret),
      text,
    );
  }
});

function payloadOf(value: unknown): Payload {
  return defaultPayloadConverter.toPayload(value) ?? {};
}

function valueOf(payload: Payload | undefined): unknown {
  return payload === undefined ? undefined : defaultPayloadConverter.fromPayload(payload);
}
