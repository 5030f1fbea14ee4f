import { createSecretKey, type KeyObject } from 'node:crypto';

/** A key of AES-256 with the name under which payloads tell that they are encrypted with it. */
export interface PayloadKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** The keys of a process: the first encrypts, all of them decrypt. */
export interface PayloadKeys {
  readonly current: PayloadKey;
  readonly byId: ReadonlyMap<string, PayloadKey>;
}

/** Keys that cannot be used. The message names the key by its id or its place and never repeats it. */
export class PayloadKeysError extends Error {
  override readonly name = 'PayloadKeysError';
}

const KEY_BYTES = 32;
const ID = /^[\w.-]{1,64}$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/**
 * Reads keys that are written as `id:key`, with commas or lines between them; `#` begins a comment line. A key is 32 random bytes in
 * base64, as `openssl rand -base64 32` makes them.
 *
 * @throws PayloadKeysError
 */
export function parsePayloadKeys(text: string): PayloadKeys {
  const entries = text
    .split(/[\n,]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '' && !entry.startsWith('#'));
  const keys = entries.map(parseKey);
  const [current] = keys;
  if (current === undefined) throw new PayloadKeysError('there is no key; write one as id:key');
  const byId = new Map<string, PayloadKey>();
  for (const key of keys) {
    if (byId.has(key.id)) throw new PayloadKeysError(`two keys have the id "${key.id}"; give each an id of its own`);
    byId.set(key.id, key);
  }
  return { current, byId };
}

function parseKey(entry: string, index: number): PayloadKey {
  const end = entry.indexOf(':');
  const id = entry.slice(0, Math.max(0, end)).trim();
  const encoded = entry.slice(end + 1).trim();
  // What has no id may be a key as a whole, so it is told by its place.
  if (end < 0 || !ID.test(id)) {
    throw new PayloadKeysError(
      `key ${index + 1} must be id:key, with an id of up to 64 letters, digits, ".", "_" or "-"`,
    );
  }
  const bytes = Buffer.from(encoded, 'base64');
  if (!BASE64.test(encoded) || bytes.length !== KEY_BYTES) {
    throw new PayloadKeysError(
      `key "${id}" must be ${KEY_BYTES} bytes in base64, as "openssl rand -base64 32" makes them`,
    );
  }
  return { id, key: createSecretKey(bytes) };
}
