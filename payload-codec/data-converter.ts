import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { EncryptionCodec } from './encryption-codec.ts';
import type { PayloadKeys } from './payload-keys.ts';

/** What clients and workers write and read payloads with: encrypted where there are keys, else Temporal's default. */
export function dataConverterFor(keys: PayloadKeys | undefined): DataConverter {
  if (keys === undefined) return {};
  return { payloadCodecs: [new EncryptionCodec(keys)], failureConverterPath: encodedFailuresPath() };
}

/** Temporal takes a path, because workflows convert failures inside their sandbox. From source it is `.ts`, from the build `.js`. */
function encodedFailuresPath(): string {
  const here = fileURLToPath(import.meta.url);
  return path.join(path.dirname(here), `encoded-failures${path.extname(here)}`);
}
