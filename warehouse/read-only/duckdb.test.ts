import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { forkModule } from '../../parts/child-process.ts';
import { openReadOnlyDuckDb } from './duckdb.ts';
import { embeddable, RefusedSqlError, UnreachableWarehouseError, type ReadOnlyWarehouse } from './port.ts';

let folder: string;
let database: ReadOnlyWarehouse;
let parquet: ReadOnlyWarehouse;
let digestBefore: string;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'read-only-'));
  await makeDatabase(path.join(folder, 'shop.duckdb'));
  digestBefore = await digest();
  database = await openReadOnlyDuckDb({ data: { file: path.join(folder, 'shop.duckdb') } });
  parquet = await openReadOnlyDuckDb({ data: { parquetTables: { orders: [path.join(folder, "it's *.parquet")] } } });
});
after(async () => {
  await database.close();
  await parquet.close();
  await rm(folder, { recursive: true });
});

async function makeDatabase(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run(`
    CREATE TABLE orders AS SELECT 'u' || i AS user_id, i AS amount, TIMESTAMP '2026-03-01' + to_hours(i) AS ordered_at
    FROM range(1000) AS ids(i);
    CREATE SEQUENCE ids;
    CREATE MACRO secrets() AS TABLE SELECT * FROM read_text('/etc/passwd');
    CREATE VIEW passwords AS SELECT * FROM secrets()`);
  for (const part of [1, 2]) {
    await connection.run(`COPY orders TO '${folder}/it''s ${part}.parquet'`);
    await connection.run(`COPY orders TO '${folder}/other-${part}.parquet'`);
  }
  connection.closeSync();
  instance.closeSync();
}

async function digest(): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path.join(folder, 'shop.duckdb')))
    .digest('hex');
}

const PARAMETERS = { from_time: new Date(0), to_time: new Date(0), experiment_key: 'x' };
const NOT_A_SELECT = [
  'DELETE FROM orders',
  'INSERT INTO orders SELECT * FROM orders',
  'UPDATE orders SET amount = 0',
  'DROP TABLE orders',
  'CREATE TABLE stolen AS SELECT * FROM orders',
  "COPY orders TO '/tmp/stolen.csv'",
  "COPY (SELECT 1) TO '/tmp/stolen.csv'",
  "ATTACH '/tmp/other.duckdb'",
  'INSTALL httpfs',
  'LOAD httpfs',
  'PRAGMA database_list',
  "SET memory_limit = '1GB'",
  'RESET lock_configuration',
  'CALL pragma_version()',
  'EXPLAIN ANALYZE SELECT 1',
  'CHECKPOINT',
  'BEGIN',
  'PIVOT orders ON user_id USING sum(amount)',
  "EXPORT DATABASE '/tmp/stolen'",
  'PREPARE p AS SELECT 1',
  'VACUUM',
];
for (const sql of NOT_A_SELECT) {
  test(`refuses ${sql}`, async () => {
    await assert.rejects(database.describe(sql, PARAMETERS), /^RefusedSqlError: is not a SELECT; umpire only reads/);
  });
}

const REFUSED: readonly (readonly [what: string, sql: string, says: RegExp])[] = [
  ['two statements', 'SELECT 1; DROP TABLE orders', /is not a SELECT|2 statements/],
  ['two SELECTs', 'SELECT 1; SELECT 2', /holds 2 statements/],
  ['a statement behind a comment', 'SELECT 1 -- harmless\n; DELETE FROM orders', /is not a SELECT/],
  ['a statement in front of one', '/* ; */ DELETE FROM orders; SELECT 1', /is not a SELECT/],
  ['nothing but a comment', '-- SELECT 1', /holds no statement/],
  ['breaking out of the parentheses', 'SELECT 1) AS a, (SELECT 2', /is not SQL that DuckDB understands.*line 1/],
  ['an open comment', 'SELECT 1 /* ', /unterminated/],
  ['an open text', "SELECT 'a", /unterminated/],
  ['a semicolon in the middle of a comment at the end', 'SELECT 1; -- x', /is not SQL that DuckDB understands/],
  ['writing through WITH', 'WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone', /CTE needs a SELECT/],
  ['SELECT INTO', 'SELECT 1 INTO stolen', /not supported/],
  ['reading a file', "SELECT * FROM read_csv('/etc/passwd')", /file system operations are disabled/],
  ['reading a file by its name', "SELECT * FROM '/etc/passwd'", /does not exist/],
  ['listing files', "SELECT * FROM glob('/etc/*')", /file system operations are disabled/],
  ['reading text', "SELECT * FROM read_text('/etc/passwd')", /file system operations are disabled/],
  ['reading a file through a macro', 'SELECT * FROM secrets()', /file system operations are disabled/],
  ['reading a file through a view', 'SELECT * FROM passwords', /file system operations are disabled/],
  ['a SELECT that is a text', "SELECT * FROM query('DELETE FROM orders')", /Expected a single SELECT|SELECT/],
  ['taking a number from a sequence', "SELECT nextval('ids')", /read-only/],
  ['a parameter that there is none', 'SELECT $from_tim', /names \$from_tim; the parameters are \$from_time/],
  ['a parameter without a name', 'SELECT ?', /names \? or \$1/],
  ['a table that there is none', 'SELECT * FROM order', /order/],
  ['a column that there is none', 'SELECT * FROM orders\nWHERE amout > 1', /amout/],
];
for (const [what, sql, says] of REFUSED) {
  test(`refuses ${what}`, async () => {
    await assert.rejects(database.describe(sql, PARAMETERS), (error) => {
      assert.ok(error instanceof RefusedSqlError);
      assert.match(error.message, says);
      return true;
    });
  });
}

test('whatever was tried, the file is the same, and nothing lies beside it', async () => {
  assert.equal(await digest(), digestBefore);
  assert.deepEqual((await readdir(folder)).sort(), [
    "it's 1.parquet",
    "it's 2.parquet",
    'other-1.parquet',
    'other-2.parquet',
    'shop.duckdb',
  ]);
});

test('past the checks, the engine itself refuses', async () => {
  const attempts = ["SELECT * FROM read_text('/etc/hosts')", 'SELECT * FROM passwords', "SELECT nextval('ids')"];
  for (const sql of attempts) await assert.rejects(database.query({ sql, parameters: {} }));
  for (const sql of NOT_A_SELECT) await assert.rejects(database.query({ sql, parameters: {} }), sql);
});

test('takes any SELECT, with its semicolon, comments and parameters', async () => {
  const sql = `
WITH large AS (SELECT * FROM orders WHERE ordered_at >= $from_time) -- ; a comment
SELECT user_id, amount * 1.5 AS "Amount", ordered_at, ';' AS text FROM large /* ; */ -- the end
`;
  const columns = await database.describe(sql, PARAMETERS);
  assert.deepEqual(
    columns.map(({ name, kind }) => [name, kind]),
    [
      ['user_id', 'text'],
      ['Amount', 'number'],
      ['ordered_at', 'local-time'],
      ['text', 'text'],
    ],
  );
  assert.equal((await database.describe('VALUES (1) ; ;\n', PARAMETERS)).length, 1);
  assert.equal(embeddable(' SELECT 1 ; \n;'), 'SELECT 1');
});

test('binds what the statement names, never as text', async () => {
  const [row] = await database.query<{ n: number; key: string }>({
    sql: 'SELECT COUNT(*) AS n, $experiment_key AS key FROM orders WHERE user_id = $experiment_key',
    parameters: { ...PARAMETERS, experiment_key: "x' OR '1' = '1" },
  });
  assert.deepEqual(row, { n: 0, key: "x' OR '1' = '1" });
});

test('Parquet files are tables, and the only files there are', async () => {
  const [row] = await parquet.query<{ n: number }>({ sql: 'SELECT COUNT(*) AS n FROM orders', parameters: {} });
  assert.equal(row?.n, 2000);
  const other = `SELECT * FROM read_parquet('${folder}/other-1.parquet')`;
  await assert.rejects(parquet.describe(other, {}), /file system operations are disabled/);
  await assert.rejects(parquet.describe("SELECT * FROM read_text('/etc/passwd')", {}), /file system/);
  await assert.rejects(parquet.query({ sql: `COPY orders TO '${folder}/it''s 1.parquet'`, parameters: {} }));
});

test('says why a warehouse cannot be opened', async () => {
  const open = (file: string) => openReadOnlyDuckDb({ data: { file: path.join(folder, file) } });
  await assert.rejects(open('none.duckdb'), /^UnreachableWarehouseError: there is no file/);
  await assert.rejects(open('.'), /is no file/);
  await assert.rejects(open("it's 1.parquet"), /cannot be read as a DuckDB database/);
  const text = path.join(folder, 'text.parquet');
  await writeFile(text, 'no parquet');
  const tables = (files: string[]) => openReadOnlyDuckDb({ data: { parquetTables: { t: files } } });
  await assert.rejects(tables([text]), /connection\.tables\.t cannot be read as Parquet/);
  await assert.rejects(tables([path.join(folder, 'no*.parquet')]), /connection\.tables\.t: no file matches/);
  await rm(text);
  const busy = path.join(folder, 'busy.duckdb');
  const owner = forkModule(import.meta.url, '../testing/owner', [busy]);
  await once(owner, 'message');
  await assert.rejects(
    open('busy.duckdb'),
    (error) =>
      error instanceof UnreachableWarehouseError &&
      error.message.includes(`is open for writing in process ${owner.pid}`),
  );
  const exit = once(owner, 'exit');
  owner.kill('SIGKILL');
  await exit;
});

test('what a killed writer left in its log is read, and left there', async () => {
  const reader = await openReadOnlyDuckDb({ data: { file: path.join(folder, 'busy.duckdb') } });
  const [row] = await reader.query<{ n: number }>({ sql: 'SELECT COUNT(*) AS n FROM raw_events', parameters: {} });
  assert.equal(row?.n, 100);
  await reader.close();
});

test('a signal ends a query that runs', async () => {
  const interruption = new AbortController();
  const reader = await openReadOnlyDuckDb({
    data: { file: path.join(folder, 'shop.duckdb') },
    signal: interruption.signal,
  });
  const endless = 'SELECT COUNT(*) FROM range(10000000000) AS a(i) JOIN range(10000000000) AS b(j) ON i % 7 <> j % 7';
  const running = reader.query({ sql: endless, parameters: {} });
  setTimeout(() => interruption.abort(), 50);
  await assert.rejects(running, /INTERRUPT|interrupt|abort/i);
  await reader.close();
});
