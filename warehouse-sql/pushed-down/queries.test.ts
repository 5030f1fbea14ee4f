import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Statement } from '../../warehouse/port.ts';
import { startGoogleSql, type GoogleSql } from '../../tests/support/googlesql/googlesql.ts';
import { bigQuery } from '../dialect.ts';
import { logisticStepQuery, scalesQuery } from './propensity-queries.ts';
import { weightedMeansQuery, weightedSlopeQuery, weightedVarianceQuery } from './weighting-queries.ts';
import { doublyRobustQuery, outcomeProductsQuery } from './doubly-robust-queries.ts';
import { coarsenedQuery, rangesQuery } from './coarsened-queries.ts';

const UNITS = { table: 'units', covariates: ['age', 'spend'] };
const SCALES = { means: [40.5, 100.5], deviations: [10.5, 60.5] };
const COEFFICIENTS = [0.5, 0.25, -0.25];
const MEANS = { treated: { mean: 5.5, total: 100.5 }, control: { mean: 4.5, total: 300.5 } };
const FOLDS = [0, 1].map(() => ({ propensity: COEFFICIENTS, without: COEFFICIENTS, withIt: COEFFICIENTS }));
const TABLE = {
  name: 'units',
  columns: [
    { name: 'age', type: 'FLOAT64' },
    { name: 'spend', type: 'FLOAT64' },
    { name: 'treated', type: 'INT64' },
    { name: 'outcome', type: 'FLOAT64' },
    { name: 'fold', type: 'INT64' },
  ],
} as const;

const STATEMENTS: Readonly<Record<string, Statement>> = {
  scales: scalesQuery(UNITS),
  'logistic step': logisticStepQuery(bigQuery, UNITS, SCALES, COEFFICIENTS, null),
  'logistic step without a fold': logisticStepQuery(bigQuery, UNITS, SCALES, COEFFICIENTS, 1),
  'weighted means': weightedMeansQuery(bigQuery, UNITS, SCALES, COEFFICIENTS, 'ATE'),
  'weighted slope': weightedSlopeQuery(bigQuery, UNITS, SCALES, COEFFICIENTS, 'ATT', MEANS),
  'weighted variance': weightedVarianceQuery(bigQuery, UNITS, SCALES, COEFFICIENTS, 'ATO', MEANS, COEFFICIENTS),
  'outcome products': outcomeProductsQuery(bigQuery, UNITS, SCALES),
  'doubly robust': doublyRobustQuery(bigQuery, UNITS, SCALES, FOLDS, 'ATE', 0.01),
  'doubly robust on the treated': doublyRobustQuery(bigQuery, UNITS, SCALES, FOLDS, 'ATT', 0.01),
  ranges: rangesQuery(UNITS),
  coarsened: coarsenedQuery(UNITS, [null, { least: 0, width: 1.5, bins: 4 }], 'ATT', null),
  'coarsened spread': coarsenedQuery(UNITS, [{ points: [1.5, 2.5] }, null], 'ATE', 1.25),
};

let googleSql: GoogleSql;
before(async () => {
  googleSql = await startGoogleSql();
});
after(() => googleSql.stop());

for (const [name, statement] of Object.entries(STATEMENTS))
  test(`${name} passes Google's analyzer`, async () => {
    const columns = await googleSql.analyze(statement, [TABLE]);
    assert.ok(columns.length > 0);
  });
