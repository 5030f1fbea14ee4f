/** Rows for one INSERT: PostgreSQL takes 65,535 parameters, and a table here has at most 15 columns. */
const ROWS_PER_INSERT = 2_000;

export async function inBatches<Row>(
  rows: readonly Row[],
  insert: (batch: readonly Row[]) => Promise<unknown>,
): Promise<void> {
  for (let first = 0; first < rows.length; first += ROWS_PER_INSERT) {
    await insert(rows.slice(first, first + ROWS_PER_INSERT));
  }
}
