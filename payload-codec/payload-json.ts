import type { Payload } from '@temporalio/common';

// Payloads as Temporal's UI and command line write them: protobuf's JSON, where bytes are base64.

/** What came is no list of payloads. The message names the place. */
export class InvalidPayloadsError extends Error {
  override readonly name = 'InvalidPayloadsError';
}

interface JsonPayload {
  readonly metadata: Readonly<Record<string, string>>;
  readonly data?: string;
}

export function payloadsToJson(payloads: readonly Payload[]): { readonly payloads: readonly JsonPayload[] } {
  return {
    payloads: payloads.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, bytes]) => [name, toBase64(bytes)])),
      ...(data === null || data === undefined ? {} : { data: toBase64(data) }),
    })),
  };
}

/** @throws InvalidPayloadsError */
export function payloadsFromJson(value: unknown): Payload[] {
  if (!isObject(value) || !Array.isArray(value['payloads'])) {
    throw new InvalidPayloadsError('the body must be an object with a list "payloads"');
  }
  return value['payloads'].map((payload: unknown, index) => payloadFrom(payload, `payloads[${index}]`));
}

function payloadFrom(value: unknown, place: string): Payload {
  if (!isObject(value)) throw new InvalidPayloadsError(`${place} must be an object`);
  const { metadata = {}, data } = value;
  if (!isObject(metadata)) throw new InvalidPayloadsError(`${place}.metadata must be an object`);
  const read = Object.entries(metadata).map(([name, text]) => [name, fromBase64(text, `${place}.metadata.${name}`)]);
  return {
    metadata: Object.fromEntries(read) as Record<string, Uint8Array>,
    ...(data === undefined || data === null ? {} : { data: fromBase64(data, `${place}.data`) }),
  };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function fromBase64(value: unknown, place: string): Uint8Array {
  if (typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) return Buffer.from(value, 'base64');
  throw new InvalidPayloadsError(`${place} must be base64`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
