import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { PayloadKey, PayloadKeys } from './payload-keys.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const ENCODING = 'encoding';
/** The name that Temporal's own examples use, so that its tools know such a payload. */
const ENCRYPTED = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';

/** A payload that cannot be read with the keys of this process. */
export class PayloadDecryptionError extends Error {
  override readonly name = 'PayloadDecryptionError';
}

/**
 * Encrypts what Temporal keeps: inputs, results, memos, failures, updates and queries. A payload becomes
 * nonce (12 bytes), ciphertext and tag (16 bytes) of AES-256-GCM over its protobuf bytes, with the id of its key beside it. What is not
 * encrypted is read as it is, so that workflows that began before encryption go on.
 */
export class EncryptionCodec implements PayloadCodec {
  readonly #keys: PayloadKeys;

  constructor(keys: PayloadKeys) {
    this.#keys = keys;
  }

  encode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(payloads.map((payload) => encrypt(payload, this.#keys.current)));
  }

  /** @throws PayloadDecryptionError */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return await Promise.resolve().then(() => payloads.map((payload) => this.#decrypt(payload)));
  }

  #decrypt(payload: Payload): Payload {
    if (textOf(payload.metadata?.[ENCODING]) !== ENCRYPTED) return payload;
    const id = textOf(payload.metadata?.[KEY_ID]);
    const key = this.#keys.byId.get(id);
    if (key !== undefined) return decrypt(payload, key);
    const known = [...this.#keys.byId.keys()].join(', ');
    throw new PayloadDecryptionError(
      `a payload is encrypted with the key "${id}", and this process has only ${known}; add that key behind the current one`,
    );
  }
}

function encrypt(payload: Payload, { id, key }: PayloadKey): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  const plain = PayloadMessage.encode(payload).finish();
  const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { metadata: { [ENCODING]: Buffer.from(ENCRYPTED), [KEY_ID]: Buffer.from(id) }, data };
}

function decrypt({ data }: Payload, { id, key }: PayloadKey): Payload {
  const bytes = data ?? new Uint8Array();
  if (bytes.length < NONCE_BYTES + TAG_BYTES) {
    throw new PayloadDecryptionError(`a payload of the key "${id}" holds ${bytes.length} bytes: it was cut off`);
  }
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    const sealed = bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES);
    return PayloadMessage.decode(Buffer.concat([decipher.update(sealed), decipher.final()]));
  } catch (error) {
    throw new PayloadDecryptionError(
      `a payload of the key "${id}" cannot be decrypted: it was changed, or another key had that id when it was encrypted`,
      { cause: error },
    );
  }
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return bytes === null || bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
}
