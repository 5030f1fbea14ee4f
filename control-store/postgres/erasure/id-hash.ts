import { createHash } from 'node:crypto';
import { sql, type RawBuilder } from 'kysely';

/** Of an id, keyed: the same here and in SQL. */
export function hashOf(key: Buffer, id: string): Buffer {
  return createHash('sha256').update(key).update(id, 'utf8').digest();
}

/** The hash of a text column, where `erasure_key` is in reach. */
export function hashSql(column: string): RawBuilder<Buffer> {
  return sql<Buffer>`sha256((select key from umpire_control.erasure_key) || convert_to(${sql.ref(column)}, 'UTF8'))`;
}
