import type { DuckDBConnection } from '@duckdb/node-api';

/** Runs work in one transaction of a connection that nothing else uses meanwhile. Rejects with the first failure. */
export async function inTransaction<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN TRANSACTION');
  let result: T;
  try {
    result = await work();
    await connection.run('COMMIT');
  } catch (error) {
    await rollBack(connection, error);
    throw error;
  }
  return result;
}

/** A COMMIT that fails has rolled back already, and the cause must not be hidden by saying so. */
async function rollBack(connection: DuckDBConnection, cause: unknown): Promise<void> {
  try {
    await connection.run('ROLLBACK');
  } catch (error) {
    if (error instanceof Error && error.message.includes('no transaction is active')) return;
    const [why, whyNotBack] = [cause, error].map((each) => (each instanceof Error ? each.message : String(each)));
    throw new AggregateError([cause, error], `the transaction failed: ${why}; so did its rollback: ${whyNotBack}`, {
      cause,
    });
  }
}
