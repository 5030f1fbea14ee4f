import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { OpenWarehouse } from '../contract.ts';
import type { Row, Statement, Warehouse } from '../port.ts';

export interface Fixture {
  /** Closes the warehouse at hand, if there is one, and opens it (again). */
  readonly open: () => Promise<Warehouse>;
}

/** A new warehouse, closed when the test ends. */
export function newWarehouse(t: TestContext, openWarehouse: OpenWarehouse): Fixture {
  const name = `contract_${randomUUID().replaceAll('-', '')}`;
  let current: Warehouse | undefined;
  t.after(() => current?.close());
  return {
    open: async () => {
      await current?.close();
      current = await openWarehouse(name);
      return current;
    },
  };
}

/** A statement whose parameters are written `@name`, as the warehouse at hand writes them. */
export function statementFor(
  { dialectName }: Warehouse,
  text: string,
  parameters: Statement['parameters'] = {},
): Statement {
  return { sql: dialectName === 'duckdb' ? text.replaceAll('@', '$') : text, parameters };
}

export async function rowsOf<R extends Row>(
  warehouse: Warehouse,
  text: string,
  parameters: Statement['parameters'] = {},
): Promise<readonly R[]> {
  return await warehouse.query<R>(statementFor(warehouse, text, parameters));
}

export async function countRows(warehouse: Warehouse): Promise<number> {
  const [row] = await rowsOf<{ n: number }>(warehouse, 'SELECT COUNT(*) AS n FROM raw_events');
  return row?.n ?? 0;
}

/** How many events came twice, by partition. */
export async function duplicates(warehouse: Warehouse): Promise<Readonly<Record<string, number>>> {
  const rows = await rowsOf<{ log_partition: number; duplicate_count: number }>(
    warehouse,
    'SELECT log_partition, duplicate_count FROM ingest_offsets ORDER BY log_partition',
  );
  return Object.fromEntries(rows.map((row) => [String(row.log_partition), row.duplicate_count]));
}
