import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { forkModule } from '../parts/child-process.ts';
import { openDuckDb, WarehouseInUseError, WarehouseQueryError, type DuckDbWarehouse } from './duckdb.ts';
import type { Row, Statement } from './port.ts';
import { batchOf, eventAt, NOON_MS } from './testing/batches.ts';

const sql = (text: string, parameters: Statement['parameters'] = {}): Statement => ({ sql: text, parameters });

async function inMemory(t: TestContext): Promise<DuckDbWarehouse> {
  const warehouse = await openDuckDb({ file: ':memory:', threads: 1 });
  t.after(() => warehouse.close());
  return warehouse;
}

async function temporaryFile(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-warehouse-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return path.join(directory, 'warehouse.duckdb');
}

async function countRows(warehouse: DuckDbWarehouse): Promise<unknown> {
  const [row] = await warehouse.query<{ n: number }>(sql('SELECT count(*) AS n FROM raw_events'));
  return row?.n;
}

describe('one file has one owner', () => {
  test('in this process, also by another name', async (t) => {
    const file = await temporaryFile(t);
    const warehouse = await openDuckDb({ file });
    await assert.rejects(openDuckDb({ file }), WarehouseInUseError);
    await symlink(file, `${file}.link`);
    await assert.rejects(openDuckDb({ file: `${file}.link` }), /already open in this process/);
    await warehouse.close();
    const again = await openDuckDb({ file: `${file}.link` });
    await again.close();
  });

  test('among processes: the message names the owner', async (t) => {
    const file = await temporaryFile(t);
    const owner = forkModule(import.meta.url, './testing/owner', [file]);
    await once(owner, 'message');
    await assert.rejects(
      openDuckDb({ file }),
      (error) => error instanceof WarehouseInUseError && error.message.includes(`in process ${owner.pid}`),
    );
    const exit = once(owner, 'exit');
    owner.kill('SIGKILL');
    await exit;
    const warehouse = await openDuckDb({ file });
    assert.equal(await countRows(warehouse), 100);
    await warehouse.close();
  });
});

describe('appending', () => {
  test('stores every field and the offset', async (t) => {
    const warehouse = await inMemory(t);
    const exposure = eventAt(41, {
      userId: null,
      anonymousId: 'd1',
      experimentKey: 'upi_retry',
      epoch: 2,
      variant: 'treatment',
      decisionId: 'x',
      properties: { note: 'ಕನ್ನಡ "quoted"', segments: { region: 'KA' } },
    });
    assert.equal(await warehouse.appendEvents({ partition: 3, events: [exposure], nextOffset: 42n }), 1);
    const [row] = await warehouse.query(sql('SELECT * FROM raw_events'));
    assert.deepEqual(row, {
      event_id: exposure.eventId,
      event_type: 'deposit_succeeded',
      schema_version: 1,
      user_id: null,
      anonymous_id: 'd1',
      occurred_at: new Date(NOON_MS + 41),
      service_name: 'payment',
      experiment_key: 'upi_retry',
      epoch: 2,
      variant: 'treatment',
      decision_id: 'x',
      properties: '{"note":"ಕನ್ನಡ \\"quoted\\"","segments":{"region":"KA"}}',
      ingested_at: new Date(NOON_MS + 541),
      log_partition: 3,
      log_offset: 41,
    });
    assert.equal(await warehouse.ingestedOffset(3), 42n);
    assert.equal(await warehouse.ingestedOffset(0), undefined);
  });

  test('a batch that was stored already changes nothing; one that overlaps adds what is new', async (t) => {
    const warehouse = await inMemory(t);
    assert.equal(await warehouse.appendEvents(batchOf(0, 0, 10)), 10);
    assert.equal(await warehouse.appendEvents(batchOf(0, 0, 10)), 0);
    assert.equal(await warehouse.appendEvents(batchOf(0, 4, 8)), 0);
    assert.equal(await warehouse.ingestedOffset(0), 10n);
    assert.equal(await warehouse.appendEvents(batchOf(0, 5, 15)), 5);
    assert.equal(await warehouse.appendEvents(batchOf(1, 0, 10)), 10);
    assert.equal(await countRows(warehouse), 25);
  });

  test('an event id that comes again is stored once, at its first offset', async (t) => {
    const warehouse = await inMemory(t);
    const first = eventAt(0);
    const again = { ...first, offset: 1n, ingestedAtMs: first.ingestedAtMs + 9_000 };
    const later = { ...first, offset: 5_000n };
    assert.equal(await warehouse.appendEvents({ partition: 0, events: [first, again], nextOffset: 2n }), 1);
    await warehouse.appendEvents(batchOf(0, 2, 5_000));
    assert.equal(await warehouse.appendEvents({ partition: 0, events: [later], nextOffset: 5_001n }), 0);
    const rows = await warehouse.query(
      sql('SELECT log_offset FROM raw_events WHERE event_id = $id', { id: first.eventId }),
    );
    assert.deepEqual(rows, [{ log_offset: 0 }]);
    assert.equal(await warehouse.ingestedOffset(0), 5_001n);
  });

  test('a batch that cannot be stored leaves neither rows nor an offset, and the next one is taken', async (t) => {
    const warehouse = await inMemory(t);
    const torn = { ...batchOf(0, 0, 10), events: [...batchOf(0, 0, 9).events, eventAt(9, { timestampMs: 0.5 })] };
    await assert.rejects(warehouse.appendEvents(torn), RangeError);
    assert.equal(await countRows(warehouse), 0);
    assert.equal(await warehouse.ingestedOffset(0), undefined);
    assert.equal(await warehouse.appendEvents(batchOf(0, 0, 10)), 10);
  });

  test('goes on while a long query runs', async (t) => {
    const warehouse = await inMemory(t);
    let isQuerying = true;
    const query = warehouse
      .query<{ n: number }>(
        sql('SELECT count(*) AS n FROM range(40000) a, range(8000) b WHERE (a.range * b.range) % 7 = 3'),
      )
      .finally(() => {
        isQuerying = false;
      });
    for (let batch = 0; batch < 5; batch += 1) await warehouse.appendEvents(batchOf(0, batch * 10, batch * 10 + 10));
    assert.equal(await countRows(warehouse), 50);
    assert.ok(isQuerying, 'five appends and a query were done while the long query ran');
    await query;
  });
});

describe('queries', () => {
  test('give typed rows', async (t) => {
    const warehouse = await inMemory(t);
    const [row] = await warehouse.query<Row>(
      sql(
        `SELECT CAST(7 AS BIGINT) AS big, CAST(9 AS HUGEINT) AS huge, CAST(1.25 AS DECIMAL(9, 2)) AS decimal, 0.5::DOUBLE AS half,
                true AS flag, NULL AS nothing, TIMESTAMP '2026-04-01 12:00:00' AS at, DATE '2026-04-01' AS day, [1, 2] AS list,
                {'a': CAST(1 AS BIGINT)} AS struct, $ids AS ids, $since AS since, $n AS n, sum(x) AS total FROM range(3) t(x)`,
        { ids: ['a', 'b'], since: new Date(NOON_MS), n: 3 },
      ),
    );
    assert.deepEqual(row, {
      big: 7,
      huge: 9,
      decimal: 1.25,
      half: 0.5,
      flag: true,
      nothing: null,
      at: new Date(NOON_MS),
      day: '2026-04-01',
      list: [1, 2],
      struct: { a: 1 },
      ids: ['a', 'b'],
      since: new Date(NOON_MS),
      n: 3,
      total: 3,
    });
  });

  test('refuse what cannot be given, naming statement and column', async (t) => {
    const warehouse = await inMemory(t);
    await assert.rejects(
      warehouse.query(sql('SELECT 9007199254740993 AS id')),
      /column id: 9007199254740993 is beyond/,
    );
    await assert.rejects(warehouse.query(sql('SELECT nope FROM raw_events')), WarehouseQueryError);
    await assert.rejects(warehouse.query(sql('SELECT $n AS n', { n: Number.NaN })), /parameter \$n is NaN/);
    await assert.rejects(warehouse.queryColumns(sql("SELECT 'a' AS name")), /column name is VARCHAR, not numeric/);
    await assert.rejects(warehouse.queryColumns(sql('SELECT NULL::DOUBLE AS x')), /column x holds NULL/);
    const [empty] = await warehouse.query<{ n: number }>(sql('SELECT len($ids) AS n', { ids: [] }));
    assert.equal(empty?.n, 0);
  });

  test('give numeric columns as typed arrays', async (t) => {
    const warehouse = await inMemory(t);
    const { rowCount, columns } = await warehouse.queryColumns(
      sql(
        'SELECT range AS i, range / 2 AS half, range % 2 = 0 AS even, CAST(range AS DECIMAL(9, 1)) AS d FROM range(10000)',
      ),
    );
    assert.equal(rowCount, 10_000);
    assert.deepEqual(Object.keys(columns), ['i', 'half', 'even', 'd']);
    assert.deepEqual(
      Object.values(columns).map((column) => [column.length, column[9_999]]),
      [
        [10_000, 9_999],
        [10_000, 4_999.5],
        [10_000, 0],
        [10_000, 9_999],
      ],
    );
  });

  test('statements are executed in one transaction', async (t) => {
    const warehouse = await inMemory(t);
    await warehouse.execute([sql('CREATE TABLE t (x BIGINT)'), sql('INSERT INTO t VALUES ($x)', { x: 1 })]);
    await assert.rejects(
      warehouse.execute([sql('INSERT INTO t VALUES (2)'), sql('INSERT INTO missing VALUES (1)')]),
      /missing/,
    );
    assert.deepEqual(await warehouse.query(sql('SELECT x FROM t')), [{ x: 1 }]);
  });

  test('a closed warehouse refuses by name', async () => {
    const warehouse = await openDuckDb({ file: ':memory:' });
    await warehouse.close();
    await assert.rejects(warehouse.query(sql('SELECT 1')), /the warehouse is closed/);
    await warehouse.close();
  });
});
