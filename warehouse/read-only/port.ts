import type { NumericColumns } from '../duckdb-query.ts';
import type { Row, Statement, StatementParameter } from '../port.ts';

/**
 * What the values of a column are, for whoever compares or adds them up: `instant` is a time that says its offset, `local-time` one that
 * does not.
 */
export type ColumnKind = 'text' | 'integer' | 'number' | 'boolean' | 'instant' | 'local-time' | 'date' | 'other';

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The engine's own name of the type. */
  readonly typeName: string;
}

/** SQL that is not one statement that only reads, or that the engine does not understand; the message says where and what to do. */
export class RefusedSqlError extends Error {
  override readonly name = 'RefusedSqlError';
}

/** The warehouse cannot be opened or reached; the message says why and what to do. */
export class UnreachableWarehouseError extends Error {
  override readonly name = 'UnreachableWarehouseError';
}

/** Somebody else's warehouse. Nothing can be written through this, whatever the SQL says. */
export interface ReadOnlyWarehouse {
  readonly dialectName: 'duckdb' | 'bigquery';
  /**
   * The columns of foreign SQL, which has to be one SELECT, also inside of parentheses. No row is read.
   *
   * @param parameters what the SQL may name; it need not name all of them
   * @throws RefusedSqlError
   */
  describe(sql: string, parameters: Readonly<Record<string, StatementParameter>>): Promise<readonly Column[]>;
  /**
   * Parameters that the statement does not name are not sent.
   *
   * @throws RefusedSqlError where the SQL fails on the rows
   */
  query<R extends Row>(statement: Statement & { /** Only in the type. */ readonly rowType?: R }): Promise<readonly R[]>;
  /**
   * The result as one array per column, for estimators; NULL or what is no number is an error.
   *
   * @throws RefusedSqlError where the SQL fails on the rows
   */
  queryColumns(statement: Statement): Promise<NumericColumns>;
  close(): Promise<void>;
}

/** Foreign SQL as it may stand inside of parentheses: without the semicolon at its end. */
export function embeddable(sql: string): string {
  return sql.trim().replace(/[;\s]+$/, '');
}
