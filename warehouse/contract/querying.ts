import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OpenWarehouse } from '../contract.ts';
import { WarehouseQueryError } from '../query-error.ts';
import { batchOf, NOON_MS } from '../testing/batches.ts';
import { newWarehouse, rowsOf, statementFor } from './fixture.ts';

export function describeQuerying(openWarehouse: OpenWarehouse): void {
  describe('querying', () => {
    test('values have the types that the port promises', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      const isDuckDb = warehouse.dialectName === 'duckdb';
      const [row] = await rowsOf(
        warehouse,
        `SELECT CAST(7 AS ${isDuckDb ? 'BIGINT' : 'INT64'}) AS whole, CAST(0.5 AS ${isDuckDb ? 'DOUBLE' : 'FLOAT64'}) AS half,
                CAST(1.25 AS ${isDuckDb ? 'DECIMAL(9, 2)' : 'NUMERIC'}) AS exact, 2 > 1 AS flag, NULL AS nothing, 'é' AS letter,
                TIMESTAMP '2026-04-01 12:00:00' AS noon, TIMESTAMP '2026-04-01 12:00:00.123999' AS micros,
                CAST('2026-04-01' AS DATE) AS day, [1, 2] AS list, JSON '{"a": [1]}' AS json`,
      );
      const { json, ...rest } = row ?? {};
      assert.deepEqual(rest, {
        whole: 7,
        half: 0.5,
        exact: 1.25,
        flag: true,
        nothing: null,
        letter: 'é',
        noon: new Date(NOON_MS),
        micros: new Date(NOON_MS + 123),
        day: '2026-04-01',
        list: [1, 2],
      });
      assert.deepEqual(JSON.parse(String(json)), { a: [1] });
    });

    test('parameters arrive as they were given', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      const given = {
        text: "नमस्ते ' \\ @text \n",
        empty: '',
        whole: -3,
        long: 2n ** 53n - 1n,
        huge: 1e22,
        half: -0.5,
        yes: true,
        no: false,
        at: new Date(NOON_MS + 1),
        before: new Date(-1),
        many: ['b', 'a', "o'clock"],
      };
      const columns = Object.keys(given).map((name) => `@${name} AS ${name}`);
      const [row] = await rowsOf(
        warehouse,
        `SELECT ${columns.join(', ')}, @whole + 1 AS next, @half * 2 AS twice`,
        given,
      );
      assert.deepEqual(row, { ...given, long: 2 ** 53 - 1, next: -2, twice: -1 });
    });

    test('a parameter may be null, and a list empty', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      await warehouse.appendEvents(batchOf(0, 0, 3));
      const statement = {
        ...statementFor(
          warehouse,
          `SELECT COUNT(*) AS n FROM raw_events
           WHERE COALESCE(@user, user_id) = user_id AND COALESCE(@offset, log_offset) = log_offset
             AND COALESCE(@since, occurred_at) = occurred_at AND event_id NOT IN (SELECT id FROM UNNEST(@ids) AS ${
               warehouse.dialectName === 'duckdb' ? 'list(id)' : 'id'
             })`,
          { user: null, offset: null, since: null, ids: [] },
        ),
        parameterTypes: { offset: 'INT64', since: 'TIMESTAMP' },
      } as const;
      assert.deepEqual(await warehouse.query(statement), [{ n: 3 }]);
    });

    test('a whole number that would not be exact is an error that names the column', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      const query = rowsOf(warehouse, 'SELECT 9007199254740993 AS id');
      await assert.rejects(query, /column id: 9007199254740993 is beyond/);
    });

    test('what is wrong with a statement is said', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      await assert.rejects(rowsOf(warehouse, 'SELECT nope FROM raw_events'), (error) => {
        assert.ok(error instanceof WarehouseQueryError);
        assert.match(error.message, /nope/);
        assert.match(error.sql, /SELECT nope/);
        return true;
      });
      await assert.rejects(rowsOf(warehouse, 'SELECT @n AS n', { n: Number.NaN }), /parameter .n is NaN/);
      await assert.rejects(rowsOf(warehouse, 'SELECT * FROM missing_table'), /missing_table/);
    });

    test('a result of many pages comes whole and in order', { timeout: 120_000 }, async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      const COUNT = 25_001;
      await warehouse.appendEvents(batchOf(0, 0, COUNT));
      const rows = await rowsOf<{ log_offset: number }>(
        warehouse,
        'SELECT log_offset FROM raw_events ORDER BY log_offset',
      );
      assert.equal(rows.length, COUNT);
      assert.ok(rows.every(({ log_offset: offset }, index) => offset === index));
    });

    test('statements are executed together or not at all, each with its own parameters', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      const whole = warehouse.dialectName === 'duckdb' ? 'BIGINT' : 'INT64';
      const text = warehouse.dialectName === 'duckdb' ? 'VARCHAR' : 'STRING';
      const insert = (x: number, note: string) =>
        statementFor(warehouse, 'INSERT INTO t (x, note) VALUES (@x, @note)', { x, note });
      await warehouse.execute([statementFor(warehouse, `CREATE TABLE t (x ${whole}, note ${text})`), insert(1, 'a')]);
      await warehouse.execute([
        insert(2, 'b'),
        insert(3, '@x; --'),
        statementFor(warehouse, 'DELETE FROM t WHERE x = @x', { x: 2 }),
      ]);
      await assert.rejects(
        warehouse.execute([insert(4, 'd'), statementFor(warehouse, 'INSERT INTO missing (x) VALUES (1)')]),
        /missing/,
      );
      assert.deepEqual(await rowsOf(warehouse, 'SELECT x, note FROM t ORDER BY x'), [
        { x: 1, note: 'a' },
        { x: 3, note: '@x; --' },
      ]);
    });

    test('a closed warehouse refuses by name', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      await warehouse.close();
      await assert.rejects(rowsOf(warehouse, 'SELECT 1 AS one'), /the warehouse is closed/);
      await assert.rejects(warehouse.appendEvents(batchOf(0, 0, 1)), /the warehouse is closed/);
      await warehouse.close();
    });
  });
}
