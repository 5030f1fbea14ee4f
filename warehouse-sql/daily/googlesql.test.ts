import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { isAddedUp, type MetricDefinition } from '../../definitions/metric.ts';
import {
  startGoogleSql,
  type FilledTable,
  type GoogleSql,
  type GoogleSqlTable,
} from '../../tests/support/googlesql/googlesql.ts';
import { INGEST_OFFSETS, RAW_EVENTS } from '../../warehouse/bigquery/tables.ts';
import type { Row, Statement } from '../../warehouse/port.ts';
import { bigQuery, duckDb, type Dialect } from '../dialect.ts';
import { sqlType } from '../results/result-table.ts';
import { randomEvents, randomMetrics, SEGMENTS } from '../testing/random-events.ts';
import { day, DAY_MS, DEPOSITED, fill, KEY, rawEvent, type Draft } from '../testing/small-warehouse.ts';
import type { AskedStatistic } from './asked.ts';
import * as daily from './daily-queries.ts';
import { keptSplitQuery } from './kept-split.ts';
import * as copies from './new-copies.ts';
import { eraseKeptUser, keptUserQuery } from './erased-units.ts';
import * as events from './new-events.ts';
import * as exposures from './new-exposures.ts';
import * as links from './new-links.ts';
import type { DayRange } from './positions.ts';
import { createDailyTables, DAILY_TABLES, TAKE_TURN, UNIT_EXPOSURES } from './tables.ts';
import { deleteStatisticsOf } from './touched-statistics.ts';

const RUNS = Number(process.env['UMPIRE_PROPERTY_RUNS'] ?? 60);
const SEED = Number(process.env['UMPIRE_PROPERTY_SEED'] ?? 20_261_124);

type ColumnType = GoogleSqlTable['columns'][number]['type'];
const KEPT: readonly GoogleSqlTable[] = DAILY_TABLES.map(({ name, columns }) => ({
  name,
  columns: columns.map((column) => ({ name: column.name, type: sqlType(bigQuery, column.type) as ColumnType })),
}));
const NEW_EXPOSURES: GoogleSqlTable = {
  name: 'new_exposures',
  columns: [
    ...(['experiment_key', 'unit_id', 'variant', 'segments'] as const).map((name) => ({
      name,
      type: 'STRING' as const,
    })),
    ...(['epoch', 'left_out_key', 'exposures'] as const).map((name) => ({
      name,
      type: 'INT64' as const,
    })),
    { name: 'first_exposed_at', type: 'TIMESTAMP' },
    { name: 'place_key', type: 'STRING' },
  ],
};
const TURN: GoogleSqlTable = { name: 'statistics_turn', columns: [{ name: 'turn', type: 'INT64' }] };
const TABLES = [RAW_EVENTS, INGEST_OFFSETS, ...KEPT, NEW_EXPOSURES, TURN];

let googleSql: GoogleSql;
before(async () => {
  googleSql = await startGoogleSql();
});
after(() => googleSql.stop());

const ERASED = { userId: 'u1', deviceIds: ['d1'], untilMs: day(3) };
const POSITIONS = [{ partition: 0, from: 0, until: 1_000 }];
const DAYS: readonly DayRange[] = [{ fromMs: day(-30), untilMs: day(60) }];
const metric = (changes: Partial<MetricDefinition>): MetricDefinition => ({ ...DEPOSITED, ...changes });
const METRICS: readonly MetricDefinition[] = [
  metric({ key: 'sum', cap: 50 }),
  metric({ key: 'count', type: 'count', property: null, covariateMs: DAY_MS }),
  metric({ key: 'distinct', type: 'count_distinct', property: 'method' }),
  metric({ key: 'share', type: 'proportion', property: null, event: 'contest_joined', windowMs: DAY_MS }),
  metric({ key: 'back', type: 'retention', property: null, fromMs: DAY_MS }),
  metric({
    key: 'ratio',
    type: 'ratio',
    denominator: { event: 'wallet_spent', property: 'amount', where: [] },
    where: [{ property: 'method', operator: 'equals', value: 'upi' }],
  }),
];

function askedOf(metrics: readonly MetricDefinition[], asOfMs: number, questions = 1): AskedStatistic[] {
  return Array.from({ length: questions }).flatMap((_, question) =>
    metrics.flatMap((each, index) =>
      ['', ...(index === 0 ? SEGMENTS : [])].map((attribute) => ({
        question,
        experimentKey: question === 0 ? KEY : `other_${question}`,
        epoch: 1,
        metric: index,
        metricKey: each.key,
        statistic: `digest_${index}`,
        attribute,
        windowMs: each.windowMs,
        covariateMs: each.covariateMs,
        asOfMs,
      })),
    ),
  );
}

function questionOf(metrics: readonly MetricDefinition[], unitType = 'user', asOfMs = day(10)): daily.DaysQuestion {
  return { asked: askedOf(metrics, asOfMs), metrics, unitType, fromMs: day(-40), untilMs: asOfMs };
}

test('the tables can be made', async () => {
  for (const sql of createDailyTables(bigQuery)) await googleSql.analyze({ sql, parameters: {} }, []);
});

test("all that keeps statistics by day passes Google's analyzer", async () => {
  const asked = askedOf(METRICS, day(10), 2);
  const partly = {
    ...questionOf(METRICS),
    asked: [...askedOf(METRICS, day(10)), ...askedOf(METRICS, day(10), 2).slice(-1)],
  };
  const newLinks = { positions: POSITIONS, days: DAYS };
  const statements: Statement[] = [
    { sql: TAKE_TURN, parameters: {} },
    events.NEW_POSITIONS,
    events.newDaysQuery(bigQuery, POSITIONS),
    ...events.moveOffsets(bigQuery, POSITIONS, 0),
    exposures.readNewExposures(bigQuery, { positions: POSITIONS, days: DAYS }),
    ...exposures.takeExposures(bigQuery, POSITIONS, true),
    ...exposures.takeExposures(bigQuery, POSITIONS, false),
    links.relinkedDaysQuery(bigQuery, newLinks),
    ...links.takeLinks(bigQuery, newLinks),
    copies.copiedDaysQuery(bigQuery, DAYS),
    ...copies.takeCopies(bigQuery, DAYS),
    keptUserQuery(bigQuery, ERASED),
    ...eraseKeptUser(bigQuery, ERASED),
    ...deleteStatisticsOf(bigQuery, [...DAYS, ...DAYS]),
    daily.missingDaysQuery(bigQuery, asked),
    daily.keptStatisticsQuery(bigQuery, asked),
    keptSplitQuery(bigQuery, asked),
    ...['user', 'device', 'team'].flatMap((unitType) =>
      daily.keepDailyStatistics(bigQuery, questionOf(METRICS, unitType)),
    ),
    ...daily.keepDailyStatistics(bigQuery, partly),
    ...METRICS.flatMap((each) => daily.keepDailyStatistics(bigQuery, questionOf([each]))),
  ];
  for (const statement of statements) {
    try {
      await googleSql.analyze(statement, TABLES);
    } catch (error) {
      assert.fail(`${String(error)}\n${statement.sql}`);
    }
  }
});

test("on any small data DuckDB keeps what Google's reference evaluator keeps", async () => {
  await fc.assert(
    fc.asyncProperty(
      randomEvents,
      randomMetrics,
      fc.constantFrom('user', 'device'),
      async (drafts, drawn, unitType) => {
        const metrics = drawn.filter(isAddedUp).map((each, index) => ({ ...each, key: `metric_${index}` }));
        if (metrics.length === 0) return;
        const units = await sameUnits(drafts);
        const question = questionOf(metrics, unitType);
        const query = (dialect: Dialect) => daily.dailyStatisticsQuery(dialect, question);
        const tables = [rawEvents(drafts), ...withRows({ unit_exposures: units.map(Object.values) })];
        const warehouse = await fill(drafts);
        await keepUnits(warehouse, units);
        const embedded = rounded(await warehouse.query(query(duckDb)));
        const reference = rounded(await googleSql.evaluate(query(bigQuery), tables));
        assert.deepEqual(embedded, reference);
      },
    ),
    { numRuns: RUNS, seed: SEED, includeErrorInReport: true },
  );
});

type Warehouse = Awaited<ReturnType<typeof fill>>;

/** The first exposures, which both engines find alike. */
async function sameUnits(drafts: readonly Draft[]): Promise<readonly Row[]> {
  const select = (dialect: Dialect): Statement => {
    const { sql, parameters } = exposures.newExposuresQuery(dialect, { positions: POSITIONS, days: DAYS });
    const columns = UNIT_EXPOSURES.columns.map(({ name }) => name).join(', ');
    return {
      sql: `WITH new_exposures AS (\n${sql}\n)\nSELECT ${columns} FROM ${exposures.newUnits(dialect)} AS unit ORDER BY experiment_key, epoch, unit_id`,
      parameters,
    };
  };
  const warehouse = await fill(drafts);
  const embedded = await warehouse.query(select(duckDb));
  const reference = await googleSql.evaluate(select(bigQuery), [rawEvents(drafts)]);
  const comparable = (rows: readonly Row[]) =>
    rows.map((row) => ({ ...row, segments: parsed(row['segments']) })).sort(byText);
  assert.deepEqual(comparable(embedded), comparable(reference));
  return embedded;
}

function parsed(json: unknown): unknown {
  return typeof json === 'string' ? (JSON.parse(json) as unknown) : null;
}

async function keepUnits(warehouse: Warehouse, units: readonly Row[]): Promise<void> {
  await warehouse.execute(createDailyTables(duckDb).map((sql) => ({ sql, parameters: {} })));
  await warehouse.execute([
    ...['unit_exposures', 'daily_statistics', 'linked_users', 'copied_events'].map((table) => ({
      sql: `DELETE FROM ${table}`,
      parameters: {},
    })),
    ...units.map((unit) => ({
      sql: `INSERT INTO unit_exposures VALUES (${Object.keys(unit)
        .map((name) => `$${name}`)
        .join(', ')})`,
      parameters: unit as Statement['parameters'],
    })),
  ]);
}

function rawEvents(drafts: readonly Draft[]): FilledTable {
  return { ...RAW_EVENTS, rows: drafts.map((draft, offset) => Object.values(rawEvent(draft, offset))) };
}

function withRows(rows: Readonly<Record<string, readonly unknown[][]>>): FilledTable[] {
  return KEPT.map((table) => ({ ...table, rows: (rows[table.name] ?? []) as FilledTable['rows'] }));
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** Sums of floating-point numbers depend on the order of adding them up. */
function rounded(rows: readonly Row[]): Row[] {
  return rows
    .map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          typeof value === 'number' && name.startsWith('sum_') ? Number(value.toPrecision(9)) : value,
        ]),
      ),
    )
    .sort(byText);
}
