import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { repositoryFile } from '../parts/repository-root.ts';
import { InvalidDefinitionError } from './definition.ts';
import { parseDefinitions } from './parse.ts';
import { parseWarehouseSource } from './parse-warehouse-source.ts';
import { mutation, nasty } from './testing/mutations.ts';

const SHOP = readFileSync(repositoryFile('examples/existing-warehouse/shop.yaml'), 'utf8');
const DAY_MS = 86_400_000;

const METRIC = { key: 'paid', type: 'proportion', window: '1d', goodDirection: 'increase' };
const EXPERIMENT = {
  key: 'checkout',
  variants: [{ key: 'control' }, { key: 'B' }],
  metrics: { primary: 'paid' },
  from: '2026-03-01T00:00:00Z',
};
const LEAST = {
  kind: 'warehouse_source',
  key: 'shop',
  owner: 'growth',
  connection: { engine: 'duckdb', file: 'shop.duckdb' },
  assignments: [{ key: 'exposures', sql: 'SELECT 1' }],
  facts: [{ key: 'orders', sql: 'SELECT 1' }],
  metrics: [METRIC],
  experiments: [EXPERIMENT],
};

test('the least that it needs, with every default filled in', () => {
  const { source } = parseWarehouseSource(JSON.stringify(LEAST), 'shop.yaml');
  assert.deepEqual(source.assignments[0]?.columns, {
    unit: 'unit_id',
    experiment: 'experiment_key',
    variant: 'variant',
    exposedAt: 'exposed_at',
  });
  assert.deepEqual(source.facts[0]?.columns, { unit: 'unit_id', occurredAt: 'occurred_at', id: null });
  assert.equal(source.timeZone, 'UTC');
  const [experiment] = source.experiments;
  assert.deepEqual(
    [experiment?.assignedAs, experiment?.assignments, experiment?.toMs, experiment?.fromMs],
    ['checkout', 'exposures', null, Date.UTC(2026, 2, 1)],
  );
  assert.deepEqual(experiment?.runtime, { minimumMs: 7 * DAY_MS, maximumMs: 28 * DAY_MS });
  assert.deepEqual(
    experiment?.variants.map(({ weightBasisPoints }) => weightBasisPoints),
    [5_000, 5_000],
  );
  assert.equal(source.metrics[0]?.valueUnit, 'share of units');
});

test('variants may be what the warehouse holds: numbers, booleans, any text', () => {
  const text = JSON.stringify({
    ...LEAST,
    experiments: [
      { ...EXPERIMENT, assignedAs: 17, control: 0, variants: [{ key: 0 }, { key: true }, { key: 'Très “B”' }] },
    ],
  });
  const [experiment] = parseWarehouseSource(text, 'x').source.experiments;
  assert.deepEqual(
    experiment?.variants.map(({ key }) => key),
    ['0', 'true', 'Très “B”'],
  );
  assert.deepEqual([experiment?.assignedAs, experiment?.control], ['17', '0']);
});

/** Fields that break a rule, and the problems that are told. */
const RULES: readonly (readonly [what: string, changes: object, ...problems: RegExp[]])[] = [
  [
    'a quote in a column name',
    { facts: [{ key: 'orders', sql: 'SELECT 1', columns: { unit: 'id" OR 1=1 --' } }] },
    /facts\[0\]\.columns\.unit.*is not a column name/,
  ],
  [
    'a statement as a table name',
    { connection: { engine: 'parquet', tables: { 'a"; DROP TABLE x; --': 'a.parquet' } } },
    /connection\.tables.*is not a table name|connection\.tables/,
  ],
  [
    'a quote in a segment',
    { assignments: [{ key: 'e', sql: 'SELECT 1', segments: ["os' OR '1"] }] },
    /assignments\[0\]\.segments\[0\].*is not a column name/,
  ],
  [
    'a project that is none',
    { connection: { engine: 'bigquery', project: 'x`; --', dataset: 'd' } },
    /connection\.project.*is not a Google Cloud project/,
  ],
  ['a zone that is none', { timeZone: "UTC' OR '1" }, /timeZone.*is not an IANA time zone/],
  ['empty SQL', { facts: [{ key: 'orders', sql: ' \n' }] }, /facts\[0\]\.sql.*is empty; write a SELECT/],
  ['a field that there is none', { conection: {} }, /conection.*did you mean "connection"/],
  ['no connection', { connection: undefined }, /connection/],
  [
    'an engine that there is none',
    { connection: { engine: 'snowflake' } },
    /connection.*write one of "duckdb", "parquet", "bigquery"/,
  ],
  ['a sum without a column', { metrics: [{ ...METRIC, type: 'sum' }] }, /metrics\[0\]\.value.*is missing; a sum names/],
  [
    'fields that the type lacks or has no use for',
    {
      metrics: [
        { ...METRIC, key: 'a', type: 'mean' },
        { ...METRIC, key: 'b', type: 'ratio' },
        { ...METRIC, key: 'c', type: 'retention' },
        { ...METRIC, key: 'd', type: 'quantile', value: 'x', quantile: 90 },
        { ...METRIC, key: 'e', type: 'funnel', value: 'x', steps: [{ where: 'y' }] },
        { ...METRIC, key: 'paid', type: 'proportion', value: 'x', where: 'y' },
        { ...METRIC, key: 'g', type: 'count', steps: [{ where: 'y' }] },
      ],
    },
    /metrics\[0\]\.value.*is missing; a mean names the numeric column that it averages/,
    /metrics\[1\]\.denominator.*is missing/,
    /metrics\[2\]\.from.*is missing/,
    /metrics\[3\]\.quantile.*must be a number between 0 and 1/,
    /metrics\[4\]\.value.*is not for funnels; name a boolean column as "where"/,
    /metrics\[5\]\.value.*of a proportion is the same as "where"; leave it out/,
    /metrics\[6\]\.steps.*is only for funnels/,
  ],
  [
    'a denominator over facts that are not there',
    { metrics: [{ ...METRIC, type: 'ratio', denominator: { facts: 'visits' } }] },
    /metrics\[0\]\.denominator\.facts.*"visits" is not in "facts"/,
  ],
  [
    'a metric over facts that are not there',
    { metrics: [{ ...METRIC, facts: 'order' }] },
    /metrics\[0\]\.facts.*"order" is not in "facts" \(did you mean "orders"\?\)/,
  ],
  [
    'facts that could be either',
    {
      facts: [
        { key: 'a', sql: 'SELECT 1' },
        { key: 'b', sql: 'SELECT 1' },
      ],
    },
    /metrics\[0\]\.facts.*is missing; there are several in "facts": write one of a, b/,
  ],
  [
    'a metric that is not there',
    { experiments: [{ ...EXPERIMENT, metrics: { primary: 'piad' } }] },
    /experiments\[0\]\.metrics\.primary.*is not in "metrics"; they are paid/,
  ],
  ['a metric twice', { metrics: [METRIC, METRIC] }, /metrics\[1\]\.key.*"paid" is defined twice/],
  [
    'weights that are no split',
    {
      experiments: [
        {
          ...EXPERIMENT,
          variants: [
            { key: 'control', weight: 50 },
            { key: 'B', weight: 40 },
          ],
        },
      ],
    },
    /experiments\[0\]\.variants.*weights sum to 90 percent/,
  ],
  [
    'a variant twice',
    { experiments: [{ ...EXPERIMENT, variants: [{ key: 'control' }, { key: 'control' }] }] },
    /variants\[1\]\.key.*already a variant/,
  ],
  [
    'a control that is no variant',
    { experiments: [{ ...EXPERIMENT, control: 'a' }] },
    /experiments\[0\]\.control.*"a" is not one of the variants: control, B/,
  ],
  [
    'a time without an offset',
    { experiments: [{ ...EXPERIMENT, from: '2026-03-01' }] },
    /experiments\[0\]\.from.*is not an ISO 8601 time with offset/,
  ],
  [
    'an end before the beginning',
    { experiments: [{ ...EXPERIMENT, to: '2026-02-01T00:00:00Z' }] },
    /experiments\[0\]\.to.*is not after "from"/,
  ],
  [
    'an end before the minimum runtime',
    { experiments: [{ ...EXPERIMENT, to: '2026-03-04T00:00:00Z' }] },
    /runtime\.minimum.*\(7d\) is longer than the experiment can run \(3d\)/,
  ],
];
for (const [what, changes, ...problems] of RULES) {
  test(`refuses ${what}`, () => {
    const told = problemsOf(JSON.stringify({ ...LEAST, ...changes }));
    for (const problem of problems) assert.match(told.join('\n'), problem);
    assert.equal(told.length, problems.length, told.join('\n'));
  });
}

function problemsOf(text: string): string[] {
  try {
    parseWarehouseSource(text, 'shop.yaml');
  } catch (error) {
    if (!(error instanceof InvalidDefinitionError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

test('the documents of docs/connect.md are right, and have every type of metric', () => {
  const page = readFileSync(repositoryFile('docs/connect.md'), 'utf8');
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text);
  assert.equal(blocks.length, 2);
  const types = blocks.flatMap((text) => parseWarehouseSource(text, 'x').source.metrics.map(({ type }) => type));
  assert.equal(new Set(types).size, 9);
});

test('it stands in a file of its own', () => {
  assert.match(problemsOf(`${SHOP}\n---\n${SHOP}`).join(), /holds 2 documents; write one/);
  assert.match(problemsOf('').join(), /holds 0 documents/);
  assert.throws(() => parseDefinitions(SHOP, 'shop.yaml'), /is read by "umpire connect FILE"/);
});

test('thousands of mutated documents are read or refused, and nothing else', { timeout: 120_000 }, () => {
  const mutated = fc
    .tuple(fc.array(mutation, { minLength: 1, maxLength: 5 }))
    .map(([mutations]) => mutations.reduce((changed, mutate) => mutate(changed), SHOP));
  fc.assert(
    fc.property(fc.oneof({ weight: 5, arbitrary: mutated }, nasty), (text) => {
      for (const problem of problemsOf(text)) assert.ok(problem.length > 3);
    }),
    { numRuns: 1_500, seed: 2026 },
  );
});
