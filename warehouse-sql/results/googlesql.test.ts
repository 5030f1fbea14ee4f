import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGoogleSql, type GoogleSql, type GoogleSqlTable } from '../../tests/support/googlesql/googlesql.ts';
import { INGEST_OFFSETS, RAW_EVENTS } from '../../warehouse/bigquery/tables.ts';
import { bigQuery } from '../dialect.ts';
import { EXPOSURES_ARE_BEHIND, restateExposures } from './exposures-daily.ts';
import { newestLetters } from './newest-letters.ts';
import { createTable, sqlType, type ResultTable } from './result-table.ts';
import { DEAD_LETTERS, EXPERIMENT_RESULTS, EXPOSURES_DAILY_OFFSETS, RESULT_TABLES } from './result-tables.ts';
import { addMissing, replaceGroup, type ResultRow } from './write-rows.ts';

const TABLES: readonly GoogleSqlTable[] = [
  RAW_EVENTS,
  INGEST_OFFSETS,
  ...[...RESULT_TABLES, EXPOSURES_DAILY_OFFSETS].map(({ name, columns }) => ({
    name,
    columns: columns.map((column) => ({
      name: column.name,
      type: sqlType(bigQuery, column.type) as GoogleSqlTable['columns'][number]['type'],
    })),
  })),
];

let googleSql: GoogleSql;
before(async () => {
  googleSql = await startGoogleSql();
});
after(() => googleSql.stop());

for (const table of [...RESULT_TABLES, EXPOSURES_DAILY_OFFSETS]) {
  test(`${table.name} can be created`, async () => {
    for (const sql of createTable(bigQuery, table)) await googleSql.analyze({ sql, parameters: {} }, []);
  });
}

/** A row with a value in every column, and one with NULL wherever there may be one. */
function rowsOf({ columns }: ResultTable): ResultRow[] {
  const values = { text: "it's", integer: 7, number: 3, boolean: true, time: new Date(0), date: '2026-04-01' } as const;
  return [false, true].map((isFull) =>
    Object.fromEntries(columns.map(({ name, type, isRequired }) => [name, isFull || isRequired ? values[type] : null])),
  );
}

test("what writes results passes Google's analyzer", async () => {
  const statements = [
    ...replaceGroup(bigQuery, {
      table: EXPERIMENT_RESULTS,
      rows: rowsOf(EXPERIMENT_RESULTS),
      group: ['experiment_key', 'epoch', 'as_of_date'],
    }),
    ...addMissing(bigQuery, DEAD_LETTERS, rowsOf(DEAD_LETTERS)),
    ...restateExposures(bigQuery, 0),
    EXPOSURES_ARE_BEHIND,
    newestLetters(500),
  ];
  assert.equal(statements.length, 9);
  for (const statement of statements) await googleSql.analyze(statement, TABLES);
});
