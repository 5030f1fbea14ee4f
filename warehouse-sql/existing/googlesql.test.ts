import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { seededRandom } from '../../estimators/seeded-random.ts';
import { startGoogleSql, type FilledTable, type GoogleSql } from '../../tests/support/googlesql/googlesql.ts';
import type { Row } from '../../warehouse/port.ts';
import { openReadOnlyDuckDb } from '../../warehouse/read-only/duckdb.ts';
import type { ColumnKind, ReadOnlyWarehouse } from '../../warehouse/read-only/port.ts';
import { bigQuery, duckDb, type Dialect, type TypedStatement } from '../dialect.ts';
import { assignmentCheckQuery, experimentNamesQuery, factCheckQuery, variantsQuery } from './check-queries.ts';
import {
  existingPastArrivalsQuery,
  existingPastSpanQuery,
  existingPastStatisticsQuery,
  existingPastUnitsQuery,
  type ExistingPast,
} from './past-queries.ts';
import { existingMaturityQuery, existingScorecardQuery, existingSegmentSplitQuery } from './scorecard-queries.ts';
import type { ExistingAnalysis } from './source.ts';

const START_MS = Date.UTC(2026, 2, 1);
const HOUR_MS = 3_600_000;
const UNITS = 60;

/** How a time column reaches the platform, and the SQL that makes it such in each engine. */
const TIMES: Readonly<Record<'instant' | 'local-time' | 'date', Readonly<Record<Dialect['name'], string>>>> = {
  instant: { duckdb: "(at_utc AT TIME ZONE 'UTC')", bigquery: 'at_utc' },
  'local-time': {
    duckdb: "((at_utc AT TIME ZONE 'UTC') AT TIME ZONE 'Asia/Kolkata')",
    bigquery: "DATETIME(at_utc, 'Asia/Kolkata')",
  },
  date: {
    duckdb: "CAST((at_utc AT TIME ZONE 'UTC') AT TIME ZONE 'Asia/Kolkata' AS DATE)",
    bigquery: "DATE(at_utc, 'Asia/Kolkata')",
  },
};

let googleSql: GoogleSql;
let embedded: ReadOnlyWarehouse;
let folder: string;
before(async () => {
  googleSql = await startGoogleSql();
  folder = await mkdtemp(path.join(tmpdir(), 'existing-'));
  embedded = await openReadOnlyDuckDb({ data: { file: await makeDatabase() } });
});
after(async () => {
  await googleSql.stop();
  await embedded.close();
  await rm(folder, { recursive: true });
});

const TABLES = makeTables();

function makeTables(): readonly FilledTable[] {
  const random = seededRandom(3);
  const exposures: FilledTable['rows'][number][] = [];
  const orders: FilledTable['rows'][number][] = [];
  const at = (hours: number): Date => new Date(START_MS + Math.floor(hours * HOUR_MS));
  for (let unit = 0; unit < UNITS; unit += 1) {
    const id = random.uniform() < 0.05 ? null : unit;
    const hours = random.uniform() * 200 - 5;
    const variant = random.uniform() < 0.5 ? 'control' : 'new';
    exposures.push([id, 'checkout', variant, at(hours), unit % 2 === 0 ? 'ios' : null]);
    if (random.uniform() < 0.2) exposures.push([id, 'checkout', 'new', at(hours + (unit % 2)), 'ios']);
    if (random.uniform() < 0.2) exposures.push([id, 'other', 'a', at(hours), 'ios']);
    for (let order = 0; order < 3; order += 1) {
      const amount = random.uniform() < 0.1 ? null : Math.floor(random.uniform() * 100) / 4;
      const row = [
        id,
        at(hours + random.uniform() * 100 - 40),
        amount,
        random.uniform() < 0.4,
        unit * 10 + order,
      ] as const;
      orders.push(row);
      if (random.uniform() < 0.1) orders.push(row);
    }
  }
  const column = (name: string, type: FilledTable['columns'][number]['type']) => ({ name, type });
  return [
    {
      name: 'exposures',
      columns: [
        column('user_id', 'INT64'),
        column('experiment', 'STRING'),
        column('variant', 'STRING'),
        column('at_utc', 'TIMESTAMP'),
        column('os', 'STRING'),
      ],
      rows: exposures,
    },
    {
      name: 'orders',
      columns: [
        column('user_id', 'INT64'),
        column('at_utc', 'TIMESTAMP'),
        column('amount', 'FLOAT64'),
        column('is_large', 'BOOL'),
        column('order_id', 'INT64'),
      ],
      rows: orders,
    },
  ];
}

async function makeDatabase(): Promise<string> {
  const file = path.join(folder, 'existing.duckdb');
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  const types: Readonly<Record<string, string>> = {
    INT64: 'BIGINT',
    FLOAT64: 'DOUBLE',
    BOOL: 'BOOLEAN',
    STRING: 'VARCHAR',
  };
  for (const { name, columns, rows } of TABLES) {
    await connection.run(
      `CREATE TABLE ${name} (${columns.map((each) => `${each.name} ${types[each.type] ?? each.type}`).join(', ')})`,
    );
    const values = rows.map((row) => `(${row.map(literal).join(', ')})`);
    await connection.run(`INSERT INTO ${name} VALUES ${values.join(', ')}`);
  }
  connection.closeSync();
  instance.closeSync();
  return file;
}

function literal(value: FilledTable['rows'][number][number]): string {
  if (value instanceof Date) return `TIMESTAMP '${value.toISOString().slice(0, -1)}'`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function analysisFor(dialect: Dialect, kind: keyof typeof TIMES): ExistingAnalysis {
  const time = TIMES[kind][dialect.name];
  const p = dialect.parameter;
  const kinds = new Map<string, ColumnKind>([
    ['exposed_at', kind],
    ['ordered_at', kind],
  ]);
  const metric = { facts: 'orders', value: null, where: null, goodDirection: 'increase', valueUnit: 'each' } as const;
  const covered = { windowMs: 24 * HOUR_MS, covariateMs: 24 * HOUR_MS };
  return {
    assignedAs: 'checkout',
    fromMs: START_MS,
    asOfMs: START_MS + 190 * HOUR_MS,
    timeZone: 'Asia/Kolkata',
    assignments: {
      query: {
        key: 'exposures',
        sql: '',
        unit: 'user',
        columns: { unit: 'user_id', experiment: 'experiment', variant: 'variant', exposedAt: 'exposed_at' },
        segments: ['os'],
      },
      sql: `SELECT *, ${time} AS exposed_at FROM exposures WHERE experiment = ${p('experiment_key')} -- ; all of them`,
      kinds,
    },
    facts: [
      {
        query: { key: 'orders', sql: '', columns: { unit: 'user_id', occurredAt: 'ordered_at', id: 'order_id' } },
        sql: `SELECT *, ${time} AS ordered_at FROM orders WHERE at_utc BETWEEN ${p('from_time')} AND ${p('to_time')}`,
        kinds,
      },
      {
        query: { key: 'visits', sql: '', columns: { unit: 'user_id', occurredAt: 'ordered_at', id: null } },
        sql: `SELECT *, ${time} AS ordered_at FROM orders`,
        kinds,
      },
    ],
    metrics: [
      { ...metric, ...covered, key: 'revenue', type: 'sum', value: 'amount' },
      { ...metric, ...covered, key: 'large', type: 'proportion', where: 'is_large' },
      { ...metric, ...covered, key: 'visits', type: 'count', facts: 'visits', covariateMs: 0 },
      { ...metric, ...covered, key: 'order_value', type: 'mean', value: 'amount', where: 'is_large' },
      { ...metric, ...covered, key: 'amounts', type: 'count_distinct', value: 'order_id' },
      { ...metric, ...covered, key: 'back', type: 'retention', fromMs: 12 * HOUR_MS },
      {
        ...metric,
        ...covered,
        key: 'per_visit',
        type: 'ratio',
        value: 'amount',
        denominator: { facts: 'visits', value: null, where: 'is_large' },
      },
      { ...metric, ...covered, key: 'half', type: 'quantile', value: 'amount', quantile: 0.5, covariateMs: 0 },
      {
        ...metric,
        ...covered,
        key: 'steps',
        type: 'funnel',
        covariateMs: 0,
        steps: [{ facts: 'visits', where: 'is_large' }],
        givenStep: 1,
      },
      { ...metric, ...covered, key: 'capped', type: 'sum', value: 'amount', capPercentile: 90 },
    ],
  };
}

const QUERIES: Readonly<Record<string, (dialect: Dialect, analysis: ExistingAnalysis) => TypedStatement<Row>>> = {
  'the scorecard': existingScorecardQuery,
  'the split by segments': existingSegmentSplitQuery,
  'the units that matured': (dialect, analysis) =>
    existingMaturityQuery(dialect, analysis, {
      windowMs: 86_400_000,
      lookTimesMs: [analysis.asOfMs],
      maximumUnits: 500,
    }),
  'the names of experiments': experimentNamesQuery,
  'the check of assignments': assignmentCheckQuery,
  'the variants': variantsQuery,
  'the check of facts': (dialect, analysis) => factCheckQuery(dialect, analysis, factsOf(analysis, 0)),
  'the check of facts without ids': (dialect, analysis) => factCheckQuery(dialect, analysis, factsOf(analysis, 1)),
};

const PAST_QUERIES: Readonly<Record<string, (dialect: Dialect, past: ExistingPast) => TypedStatement<Row>>> = {
  'units of the past': existingPastUnitsQuery,
  'statistics of the past': existingPastStatisticsQuery,
  arrivals: existingPastArrivalsQuery,
  'the span of the past': existingPastSpanQuery,
};

function pastFor(dialect: Dialect, kind: keyof typeof TIMES, beganWith: 'assignments' | 'visits'): ExistingPast {
  const { assignments, facts, metrics, timeZone, fromMs, asOfMs } = analysisFor(dialect, kind);
  const visits = facts[1];
  assert.ok(visits !== undefined);
  const sql = `SELECT *, ${TIMES[kind][dialect.name]} AS exposed_at FROM exposures`;
  const entry =
    beganWith === 'visits'
      ? { known: visits, columns: { unit: 'user_id', at: 'ordered_at' } }
      : { known: { ...assignments, sql }, columns: { unit: 'user_id', at: 'exposed_at' } };
  return { facts, metrics, timeZone, entry, fromMs, untilMs: asOfMs };
}

function factsOf({ facts }: ExistingAnalysis, index: number): ExistingAnalysis['facts'][number] {
  const found = facts[index];
  if (found === undefined) throw new RangeError(`there are no facts ${index}`);
  return found;
}

for (const kind of ['instant', 'local-time', 'date'] as const) {
  for (const [what, render] of Object.entries(QUERIES)) {
    test(`${what}, by ${kind}: DuckDB gives what Google's reference evaluator gives`, async () => {
      const ours = await embedded.query(render(duckDb, analysisFor(duckDb, kind)));
      const reference = await googleSql.evaluate(render(bigQuery, analysisFor(bigQuery, kind)), TABLES);
      assert.ok(ours.length > 0);
      assert.deepEqual(ours, reference);
    });
  }
}

for (const kind of ['instant', 'date'] as const)
  for (const beganWith of ['assignments', 'visits'] as const)
    for (const [what, render] of Object.entries(PAST_QUERIES)) {
      test(`${what}, by ${kind}, begun with ${beganWith}: both engines give the same`, async () => {
        const ours = await embedded.query(render(duckDb, pastFor(duckDb, kind, beganWith)));
        const reference = await googleSql.evaluate(render(bigQuery, pastFor(bigQuery, kind, beganWith)), TABLES);
        assert.ok(ours.length > 0);
        assert.deepEqual(ours, reference);
      });
    }
