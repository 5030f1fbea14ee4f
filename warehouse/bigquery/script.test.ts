import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asScript } from './script.ts';

test('each statement of a script keeps its own parameters; what is no parameter is left alone', () => {
  const script = asScript([
    { sql: "INSERT INTO t VALUES (@x, 'a@x', \"@x\", '''it's @x''', @@row_count) -- @x", parameters: { x: 1 } },
    {
      sql: 'DELETE FROM `p@x`.t WHERE x = @x /* @x */ AND y = @xy # @x',
      parameters: { x: 2, xy: 3 },
      parameterTypes: { xy: 'INT64' },
    },
  ]);
  assert.equal(
    script.sql,
    [
      'BEGIN TRANSACTION',
      "INSERT INTO t VALUES (@s0_x, 'a@x', \"@x\", '''it's @x''', @@row_count) -- @x",
      'DELETE FROM `p@x`.t WHERE x = @s1_x /* @x */ AND y = @s1_xy # @x',
      'COMMIT TRANSACTION',
    ].join('\n;\n'),
  );
  assert.deepEqual(script.parameters, { s0_x: 1, s1_x: 2, s1_xy: 3 });
  assert.deepEqual(script.parameterTypes, { s1_xy: 'INT64' });
});

test('tables are defined before the transaction; one statement needs none', () => {
  const create = { sql: '-- One row per x.\nCREATE TABLE t (x INT64);', parameters: {} };
  const insert = { sql: 'INSERT INTO t VALUES (1)', parameters: {} };
  assert.equal(asScript([insert]).sql, 'INSERT INTO t VALUES (1)');
  assert.match(
    asScript([create, insert, insert]).sql,
    /^-- One row per x\.\nCREATE TABLE t \(x INT64\)\n;\nBEGIN TRANSACTION\n;/,
  );
  assert.throws(() => asScript([insert, create]), /put this statement before those that change rows/);
});
