import { DuckDBTypeId, type DuckDBType } from '@duckdb/node-api';
import type { ColumnKind } from './port.ts';

const KINDS: Readonly<Partial<Record<DuckDBTypeId, ColumnKind>>> = {
  [DuckDBTypeId.VARCHAR]: 'text',
  [DuckDBTypeId.UUID]: 'text',
  [DuckDBTypeId.ENUM]: 'text',
  [DuckDBTypeId.BOOLEAN]: 'boolean',
  [DuckDBTypeId.TINYINT]: 'integer',
  [DuckDBTypeId.SMALLINT]: 'integer',
  [DuckDBTypeId.INTEGER]: 'integer',
  [DuckDBTypeId.BIGINT]: 'integer',
  [DuckDBTypeId.HUGEINT]: 'integer',
  [DuckDBTypeId.UTINYINT]: 'integer',
  [DuckDBTypeId.USMALLINT]: 'integer',
  [DuckDBTypeId.UINTEGER]: 'integer',
  [DuckDBTypeId.UBIGINT]: 'integer',
  [DuckDBTypeId.UHUGEINT]: 'integer',
  [DuckDBTypeId.FLOAT]: 'number',
  [DuckDBTypeId.DOUBLE]: 'number',
  [DuckDBTypeId.DECIMAL]: 'number',
  [DuckDBTypeId.TIMESTAMP_TZ]: 'instant',
  [DuckDBTypeId.TIMESTAMP]: 'local-time',
  [DuckDBTypeId.TIMESTAMP_S]: 'local-time',
  [DuckDBTypeId.TIMESTAMP_MS]: 'local-time',
  [DuckDBTypeId.TIMESTAMP_NS]: 'local-time',
  [DuckDBTypeId.DATE]: 'date',
};

export function columnKind(type: DuckDBType): ColumnKind {
  return KINDS[type.typeId] ?? 'other';
}
