import { createHash } from 'node:crypto';

/** Of an id, keyed: in SQL `sha256(key || convert_to(id, 'UTF8'))`. */
export function hashOf(key: Buffer, id: string): Buffer {
  return createHash('sha256').update(key).update(id, 'utf8').digest();
}
