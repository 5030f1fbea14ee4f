import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { columnScales } from '../estimators/observational/column-scales.ts';
import { aipwEffect } from '../estimators/observational/doubly-robust/aipw.ts';
import { linearNuisances } from '../estimators/observational/doubly-robust/nuisances.ts';
import { coarsenedStrata } from '../estimators/observational/matching/coarsened-strata.ts';
import { stratifiedEffect } from '../estimators/observational/matching/stratified-effect.ts';
import { logisticRegression } from '../estimators/observational/propensity/logistic-regression.ts';
import { logits, probabilities } from '../estimators/observational/propensity/propensity-scores.ts';
import { inverseProbabilityEffect } from '../estimators/observational/weighting/inverse-probability.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { openDuckDb, type DuckDbWarehouse } from '../warehouse/duckdb.ts';
import { pushedDownAipw, pushedDownCem, pushedDownIpw, pushedDownPropensity } from './pushed-down-causal.ts';

const NAMES = ['age', 'educ', 'black', 'hisp', 'marr', 'nodegree', 're74', 're75'];
const UNITS = { table: 'units', covariates: NAMES };

let warehouse: DuckDbWarehouse;
before(async () => {
  warehouse = await openDuckDb({ file: ':memory:' });
  const file = repositoryFile('examples/data/nsw_cps.csv');
  await warehouse.execute([
    {
      sql: `CREATE TABLE units AS SELECT ${NAMES.join(', ')}, treat AS treated, re78 AS outcome, (row_number() OVER () * 7) % 5 AS fold FROM read_csv('${file}')`,
      parameters: {},
    },
  ]);
});
after(() => warehouse.close());

async function study() {
  const { columns, rowCount } = await warehouse.queryColumns({
    sql: 'SELECT * FROM units ORDER BY rowid',
    parameters: {},
  });
  const covariates = { rowCount, names: NAMES, columns: NAMES.map((name) => columns[name]!) };
  const treatment = Uint8Array.from(columns.treated!);
  return {
    covariates,
    scales: columnScales(covariates),
    treatment,
    outcome: columns.outcome!,
    folds: Uint8Array.from(columns.fold!),
  };
}

/** Six digits. */
function same(found: number, expected: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= 5e-7 * Math.abs(expected), `${what}: ${found} in SQL, ${expected} in memory`);
}

test('the propensity in SQL is that in memory', async () => {
  const { covariates, treatment } = await study();
  const expected = logisticRegression(covariates, treatment);
  const found = await pushedDownPropensity(warehouse, UNITS);
  same(found.intercept, expected.intercept, 'intercept');
  for (const [j, name] of NAMES.entries()) same(found.slopes[j]!, expected.slopes[j]!, name);
});

for (const estimand of ['ATE', 'ATT', 'ATO'] as const)
  test(`IPW in SQL is that in memory: ${estimand}`, async () => {
    const { covariates, scales, treatment, outcome } = await study();
    const propensity = probabilities(logits(covariates, logisticRegression(covariates, treatment)));
    const expected = inverseProbabilityEffect(covariates, scales, treatment, outcome, propensity, estimand);
    const found = await pushedDownIpw(warehouse, UNITS, estimand);
    same(found.estimate, expected.estimate, 'estimate');
    same(found.standardError, expected.standardError, 'standard error');
  });

for (const estimand of ['ATE', 'ATT'] as const) {
  test(`AIPW in SQL is that in memory: ${estimand}`, async () => {
    const { covariates, scales, treatment, outcome, folds } = await study();
    const nuisances = linearNuisances({ covariates, scales, treatment, outcome }, folds, 5);
    const expected = aipwEffect(treatment, outcome, nuisances, estimand);
    const found = await pushedDownAipw(warehouse, UNITS, { estimand });
    same(found.estimate, expected.estimate, 'estimate');
    same(found.standardError, expected.standardError, 'standard error');
  });

  test(`coarsened exact matching in SQL is that in memory: ${estimand}`, async () => {
    const { covariates, treatment, outcome } = await study();
    const expected = stratifiedEffect(coarsenedStrata(covariates), treatment, outcome, estimand);
    const found = await pushedDownCem(warehouse, UNITS, estimand);
    assert.equal(found.stratumCount, expected.stratumCount);
    same(found.estimate, expected.estimate, 'estimate');
    same(found.standardError, expected.standardError, 'standard error');
  });
}

test('a column that does not vary is named', async () => {
  await warehouse.execute([{ sql: 'CREATE TABLE flat AS SELECT *, 1 AS one FROM units', parameters: {} }]);
  await assert.rejects(
    pushedDownPropensity(warehouse, { table: 'flat', covariates: ['age', 'one'] }),
    /"one" of flat does not vary/,
  );
});
