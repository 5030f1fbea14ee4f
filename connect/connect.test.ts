import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Shop, SMALL_SHOP, type Changes } from './testing/shop.ts';

let shop: Shop;
before(async () => {
  shop = await Shop.open('SELECT 1');
});
beforeEach(async () => {
  await shop.run(`DROP TABLE IF EXISTS exposures; DROP TABLE IF EXISTS orders; ${SMALL_SHOP}`);
});
after(() => shop.close());

const AS_OF = '2026-03-18T00:00:00Z';

test('a warehouse that fits has no finding, and is described', async () => {
  const report = await shop.check({}, AS_OF);
  assert.deepEqual(report.findings, []);
  assert.equal(report.isUsable, true);
  const [experiment] = report.experiments;
  assert.deepEqual(experiment?.assignments.unitsByVariant, { control: 200, new: 200 });
  assert.equal(experiment?.assignments.firstAt, '2026-03-01T00:00:00.000Z');
  assert.deepEqual(
    experiment?.facts.map(({ rows, unitsWithRows }) => [rows, unitsWithRows]),
    [[134, 134]],
  );
});

/** The window of the last 15 units is open. */
test('a scorecard counts what is there', async () => {
  const { scorecard, report } = await shop.score({ metric: { type: 'sum', value: 'amount' } }, AS_OF);
  assert.deepEqual(report.findings, []);
  const [readout] = scorecard?.readouts ?? [];
  assert.deepEqual([readout?.controlUnits, readout?.variantUnits], [193, 192]);
  assert.ok(Math.abs((readout?.controlMean ?? 0) - (10 * 65) / 193) < 1e-12);
  assert.equal(scorecard?.split?.pValue, 1);
});

/** What is done to the warehouse or the document, and what has to be said. */
const FAULTS: readonly (readonly [what: string, sql: string, changes: Changes, ...says: RegExp[]])[] = [
  [
    'a query that writes',
    'SELECT 1',
    { facts: { sql: 'DROP TABLE orders' } },
    /^error: is not a SELECT; umpire only reads/,
  ],
  [
    'a column that is not there',
    'SELECT 1',
    { assignments: { columns: { unit: 'user', experiment: 'experiment' } } },
    /^error: the SQL has no column "user" \(did you mean "user_id"\?\); its columns are user_id, experiment/,
  ],
  [
    'a column of another type',
    'ALTER TABLE orders ALTER amount TYPE VARCHAR',
    { metric: { type: 'sum', value: 'amount' } },
    /^error: column "amount" is VARCHAR and must be a number/,
  ],
  [
    'a filter that is none, and values that nobody can tell apart',
    'SELECT 1',
    { metric: { type: 'count_distinct', value: 'amount', where: 'amount' } },
    /^error: column "amount" is DOUBLE and must be text, a whole number, a boolean or a date/,
    /^error: column "amount" is DOUBLE and must be a boolean: rows where it is true count/,
  ],
  [
    'averages of what is not there',
    'UPDATE orders SET amount = NULL WHERE user_id = 9',
    { metric: { type: 'mean', value: 'amount' } },
    /^warning: 1 row \(0.75 %\) have no amount and are left out of averages/,
  ],
  [
    'steps of a funnel by date',
    'ALTER TABLE orders ALTER occurred_at TYPE DATE; ALTER TABLE exposures ALTER exposed_at TYPE DATE',
    { metric: { type: 'funnel', covariate: '0s', steps: [{ where: 'is_large' }] } },
    /^warning: exposed_at is a date/,
    /^error: occurred_at is a date, and the steps of a funnel that happen on one day have no order; give times/,
  ],
  [
    'units that are fractions',
    'ALTER TABLE exposures ALTER user_id TYPE DOUBLE',
    {},
    /^error: column "user_id" is DOUBLE and must be text or a whole number/,
  ],
  [
    'times that are numbers',
    'ALTER TABLE exposures ALTER exposed_at TYPE BIGINT USING epoch_ms(exposed_at)',
    {},
    /^error: column "exposed_at" is BIGINT and must be a timestamp or a date/,
  ],
  [
    'an experiment that is not there',
    'SELECT 1',
    { experiment: { assignedAs: 'chekout' } },
    /^error: no row of "exposures" has experiment = "chekout" \(did you mean "checkout"\?\); it holds checkout \(400 rows\)/,
  ],
  [
    'a variant that is not declared',
    "UPDATE exposures SET variant = 'New' WHERE variant = 'new'",
    {},
    /^error: 200 units met variant "New", which is not declared \(did you mean "new"\?\)/,
    /^error: no unit met variant "new"; the variants that occur are New, control/,
  ],
  [
    'another column than the variant',
    'UPDATE exposures SET variant = user_id',
    {},
    /^error: the variant column holds more than 100 values/,
  ],
  [
    'rows that miss something',
    `INSERT INTO exposures VALUES (NULL, 'checkout', 'new', TIMESTAMP '2026-03-02', 'ios'),
     (1, 'checkout', NULL, TIMESTAMP '2026-03-02', 'ios'), (2, 'checkout', 'new', NULL, 'ios');
     INSERT INTO orders VALUES (NULL, TIMESTAMP '2026-03-02', 1, true, 1), (1, NULL, 1, true, 1)`,
    {},
    /^warning: 1 row \(0.25 %\) have no user_id; they are left out/,
    /^warning: 1 row \(0.25 %\) have no variant; they are left out/,
    /^warning: 1 row \(0.25 %\) have no exposed_at; they are left out/,
    /^warning: 1 row \(0.74 %\) have no user_id and belong to nobody/,
    /^warning: 1 row \(0.74 %\) have no occurred_at and are left out/,
  ],
  [
    'times before the beginning and in the future',
    `INSERT INTO exposures VALUES (1, 'checkout', 'new', TIMESTAMP '1970-01-21', 'ios'), (3, 'checkout', 'new', TIMESTAMP '2060-01-01', 'ios');
     INSERT INTO orders VALUES (1, TIMESTAMP '2060-01-01', 1, true, 9)`,
    {},
    /^warning: 1 row \(0.25 %\) are before "from" \(2026-03-01T00:00:00.000Z\); they are left out/,
    /^warning: 1 row \(0.25 %\) are after 2026-03-18T00:00:00.000Z; they are left out/,
    /^warning: 1 row \(0.74 %\) are after the time of the analysis and are left out/,
  ],
  [
    'values that are no numbers',
    "UPDATE orders SET amount = 'NaN' WHERE user_id = 3; UPDATE orders SET amount = 'inf' WHERE user_id = 6; UPDATE orders SET amount = NULL WHERE user_id = 9",
    { metric: { type: 'sum', value: 'amount' } },
    /^error: 2 rows hold no finite amount/,
    /^warning: 1 row \(0.75 %\) have no amount and count as 0/,
  ],
  [
    'ids of another kind',
    'UPDATE orders SET user_id = user_id + 100000',
    {},
    /^error: none of the 400 exposed units has a row: user_id and user_id seem to hold different ids/,
  ],
  [
    'outcomes by date and exposures by time',
    'ALTER TABLE orders ALTER occurred_at TYPE DATE',
    {},
    /^error: occurred_at is a date and exposed_at a time/,
  ],
  [
    'exposures by date',
    'ALTER TABLE exposures ALTER exposed_at TYPE DATE',
    {},
    /^warning: exposed_at is a date, so outcomes of the exposure's own day count/,
  ],
  [
    'rows that are there twice',
    'INSERT INTO orders SELECT * FROM orders WHERE user_id < 30',
    {},
    /^warning: 10 rows \(6.9 %\) repeat another row; if the table stores rows twice/,
  ],
  [
    'a cast that some rows do not take',
    "ALTER TABLE orders ALTER amount TYPE VARCHAR; UPDATE orders SET amount = 'ten' WHERE user_id = 3",
    {
      facts: { sql: 'SELECT user_id, occurred_at,\n CAST(amount AS DOUBLE) AS amount FROM orders' },
      metric: { type: 'sum', value: 'amount' },
    },
    /^error: the SQL fails while its rows are read: Conversion Error: Could not convert string 'ten' to DOUBLE/,
  ],
  [
    'an experiment that begins after the analysis',
    'SELECT 1',
    { experiment: { from: '2026-05-01T00:00:00Z' } },
    /^error: begins after the time of the analysis, 2026-03-18T00:00:00.000Z/,
  ],
  ['no facts', 'DELETE FROM orders', {}, /^warning: has no row, so every unit counts as 0/],
];
for (const [what, sql, changes, ...says] of FAULTS) {
  test(`names ${what}`, async () => {
    await shop.run(sql);
    const found = await shop.findings(changes, AS_OF);
    for (const expected of says)
      assert.ok(
        found.some((each) => expected.test(each)),
        `${expected.source}\n${found.join('\n')}`,
      );
    assert.equal(found.length, says.length, found.join('\n'));
  });
}

test('data that cannot be trusted shows no effect', async () => {
  await shop.run("UPDATE orders SET amount = 'NaN' WHERE user_id = 3");
  const { scorecard } = await shop.score({ metric: { type: 'sum', value: 'amount' } }, AS_OF);
  assert.equal(scorecard?.verdict, 'invalid');
  assert.deepEqual(scorecard.readouts, []);
  assert.match(scorecard.summary, /facts orders: 1 row hold no finite amount/);
});

test('a broken split shows no effect and names the segment', async () => {
  await shop.run("DELETE FROM exposures WHERE variant = 'new' AND os = 'android'");
  const { scorecard } = await shop.score({ assignments: { segments: ['os'] } }, AS_OF);
  assert.equal(scorecard?.verdict, 'invalid');
  assert.match(scorecard.summary, /most wrong where os is android/);
});

test('a unit in two variants is analysed by its first and counted', async () => {
  await shop.run(
    "INSERT INTO exposures SELECT user_id, experiment, 'new', exposed_at + INTERVAL 1 DAY, os FROM exposures WHERE user_id = 4",
  );
  const { scorecard, report } = await shop.score({}, AS_OF);
  assert.equal(scorecard?.leftOut.crossedUnits, 1);
  assert.deepEqual(report.experiments[0]?.assignments.unitsByVariant, { control: 200, new: 200 });
  assert.match(report.findings[0]?.message ?? '', /1 unit \(0.25 %\) met several variants/);
});

test('units that meet both variants at one moment fall on either side, the same every time', async () => {
  await shop.run(`INSERT INTO exposures
    SELECT user_id, experiment, CASE variant WHEN 'new' THEN 'control' ELSE 'new' END, exposed_at, os FROM exposures`);
  const first = await shop.check({}, AS_OF);
  const assignments = first.experiments[0]?.assignments;
  assert.equal(assignments?.unitsInSeveralVariantsAtOnce, 400);
  const control = assignments.unitsByVariant['control'] ?? 0;
  assert.ok(control > 160 && control < 240, `control has ${control}`);
  await shop.run(
    'CREATE TABLE turned AS SELECT * FROM exposures ORDER BY variant DESC; DROP TABLE exposures; ALTER TABLE turned RENAME TO exposures',
  );
  const again = await shop.check({}, AS_OF);
  assert.deepEqual(again.experiments[0]?.assignments.unitsByVariant, assignments.unitsByVariant);
});

test('rows with one id count once', async () => {
  await shop.run('INSERT INTO orders SELECT * FROM orders');
  const changes = { metric: { type: 'count' }, facts: { columns: { unit: 'user_id', id: 'order_id' } } };
  const { scorecard } = await shop.score(changes, AS_OF);
  assert.ok(Math.abs((scorecard?.readouts[0]?.controlMean ?? 0) - 65 / 193) < 1e-12);
});

test('times without a zone are those of the zone that is named', async () => {
  // 23:30 in Kolkata is 18:00 UTC: before the beginning at 18:30 UTC, which is midnight there.
  await shop.run(`DELETE FROM exposures; INSERT INTO exposures VALUES
    (1, 'checkout', 'new', TIMESTAMP '2026-03-01 23:30:00', 'ios'), (2, 'checkout', 'new', TIMESTAMP '2026-03-02 00:30:00', 'ios')`);
  const source = { timeZone: 'Asia/Kolkata' };
  const experiment = { from: '2026-03-02T00:00:00+05:30' };
  const { experiments } = await shop.check({ source, experiment }, AS_OF);
  const { rowsBeforeFrom, units, lastAt } = experiments[0]?.assignments ?? {};
  assert.deepEqual([rowsBeforeFrom, units, lastAt], [1, 1, '2026-03-01T19:00:00.000Z']);
  await shop.run("SET TimeZone = 'America/New_York'; ALTER TABLE exposures ALTER exposed_at TYPE TIMESTAMPTZ");
  const zoned = await shop.check({ source, experiment }, AS_OF);
  assert.equal(zoned.experiments[0]?.assignments.lastAt, '2026-03-02T05:30:00.000Z');
});

test('names of tables of ours mean nothing to foreign SQL', async () => {
  await shop.run(`CREATE TABLE IF NOT EXISTS unit_metrics AS SELECT * FROM orders;
    CREATE TABLE IF NOT EXISTS stg_exposures AS SELECT * FROM exposures`);
  const changes = {
    assignments: { sql: 'SELECT * FROM stg_exposures' },
    facts: { sql: 'WITH int_first_exposures AS (SELECT * FROM unit_metrics) SELECT * FROM int_first_exposures;' },
  };
  const { scorecard } = await shop.score(changes, AS_OF);
  const plain = await shop.score({}, AS_OF);
  assert.deepEqual(scorecard, plain.scorecard);
});

test('facts that are not loaded yet are named, and --as-of is told', async () => {
  const found = await shop.findings({}, '2026-04-01T00:00:00Z');
  assert.deepEqual(found, [
    'warning: the newest row is from 2026-03-17T16:00:00.000Z, 14d before the analysis; if later rows are not loaded yet, ask as of then: --as-of 2026-03-17T16:00:00.000Z',
  ]);
});
