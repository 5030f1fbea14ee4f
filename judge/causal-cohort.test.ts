import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answer } from '../causal/answer.ts';
import type { AskedQuestion, CausalReport } from '../causal/report/report.ts';
import { parseCausalQuestion, type CausalQuestion } from '../definitions/causal-question.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import { parseDefinitions } from '../definitions/parse.ts';
import { readFileSync } from 'node:fs';
import type { Event } from '../event-bus/event.ts';
import { depositFailures, type DepositWorld } from '../examples/fantasy-league/deposit-failures.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { openDuckDb, type DuckDbWarehouse } from '../warehouse/duckdb.ts';
import { dropCohort, readCohort, resolveQuestion, writeCohort } from './causal-cohort.ts';

const AS_OF_MS = Date.UTC(2026, 10, 20);
const EFFECT = -18.7;
const text = (name: string): string => readFileSync(repositoryFile(`examples/causal/${name}`), 'utf8');
const QUESTION = parseCausalQuestion(text('deposit_failure.yaml'), 'deposit_failure.yaml');
const METRICS = parseDefinitions(text('metrics.yaml'), 'metrics.yaml').filter(
  (each): each is MetricDefinition => each.kind === 'metric',
);
const metricOf = (key: string) => Promise.resolve(METRICS.find((metric) => metric.key === key));

async function warehouseOf(events: readonly Event[]): Promise<DuckDbWarehouse> {
  const warehouse = await openDuckDb({ file: ':memory:' });
  await warehouse.appendEvents({
    partition: 0,
    events: events.map((event, offset) => ({ ...event, offset: BigInt(offset), ingestedAtMs: AS_OF_MS })),
    nextOffset: BigInt(events.length),
  });
  return warehouse;
}

async function asked(warehouse: DuckDbWarehouse, question: CausalQuestion = QUESTION): Promise<CausalReport> {
  const resolved = await resolveQuestion(warehouse, question, metricOf, AS_OF_MS);
  await writeCohort(warehouse, 'test', resolved);
  const raw = await readCohort(warehouse, 'test', resolved);
  await dropCohort(warehouse, 'test');
  const { covariates, segments, method, estimand, alpha, seed } = question;
  const words: AskedQuestion = {
    treatment: 'a failed deposit',
    outcome: 'spend',
    outcomeUnit: 'Rs',
    covariates,
    segments,
    method,
    estimand,
    alpha,
    seed,
  };
  return answer(raw, words);
}

const world = (changes: Partial<DepositWorld>): Event[] => [
  ...depositFailures({ seed: 1, users: 3000, effectRupees: EFFECT, asOfMs: AS_OF_MS, ...changes }),
];

let plain: DuckDbWarehouse;
before(async () => {
  plain = await warehouseOf(world({}));
});
after(() => plain.close());

test('the effect of failed deposits is found: the interval holds the truth, and the plain difference does not', async () => {
  const report = await asked(plain);
  assert.equal(report.status, 'credible', report.reasons.join('\n'));
  assert.ok(report.effect!.lower < EFFECT && report.effect!.upper > EFFECT, JSON.stringify(report.effect));
  assert.ok(report.naive!.upper < EFFECT, JSON.stringify(report.naive));
  assert.equal(report.segments.filter(({ segment }) => segment === 'region').length, 4);
});

test('with the confounder hidden the answer is refused or called fragile, as a negative control carries it', async () => {
  const warehouse = await warehouseOf(world({ seed: 2, hidden: 0.9 }));
  const report = await asked(warehouse);
  assert.notEqual(report.status, 'credible');
  assert.match(report.reasons.join(), /support_contacts, which the treatment cannot have changed/);
  await warehouse.close();
});

test('what happens at time zero or later never changes a covariate', async () => {
  const resolved = await resolveQuestion(plain, QUESTION, metricOf, AS_OF_MS);
  await writeCohort(plain, 'before', resolved);
  const cohort = await readCohort(plain, 'before', resolved);
  const events = world({});
  const later = events
    .filter(({ eventType }) => eventType === 'deposit_attempted')
    .flatMap((event): Event[] => [
      {
        ...event,
        eventId: `${event.eventId.slice(0, 35)}a`,
        eventType: 'wallet_spent',
        properties: { amount_paise: 999 },
      },
      {
        ...event,
        eventId: `${event.eventId.slice(0, 35)}b`,
        eventType: 'app_opened',
        properties: { region: 'moon', device: 'x', app_version: '9', language: 'xx', network_quality: 'x' },
      },
    ]);
  const warehouse = await warehouseOf([...events, ...later]);
  await writeCohort(warehouse, 'after', resolved);
  const changed = await readCohort(warehouse, 'after', resolved);
  assert.deepEqual(changed.covariates, cohort.covariates);
  assert.deepEqual(changed.treatment, cohort.treatment);
  assert.notDeepEqual(changed.outcome, cohort.outcome);
  await warehouse.close();
});

test('time zero is the first eligible event; incomplete outcome windows are left out and counted', async () => {
  const early = { ...QUESTION, outcome: { ...QUESTION.outcome, windowMs: 15 * 86_400_000 } };
  const resolved = await resolveQuestion(plain, early, metricOf, AS_OF_MS);
  const counts = await writeCohort(plain, 'windows', resolved);
  assert.equal(counts.eligible.treated + counts.eligible.controls, 3000);
  const complete = counts.complete.treated + counts.complete.controls;
  assert.ok(complete > 1000 && complete < 2000, String(complete));
  assert.equal((await readCohort(plain, 'windows', resolved)).rowCount, complete);
});

test('what a question names and nobody knows gets a sentence', async () => {
  const refused = async (changes: Partial<CausalQuestion>, message: RegExp): Promise<void> =>
    assert.rejects(resolveQuestion(plain, { ...QUESTION, ...changes }, metricOf, AS_OF_MS), message);
  await refused(
    { covariates: ['regoin'] },
    /there is no feature "regoin"; did you mean "region"|no feature "regoin".*region/,
  );
  await refused(
    { treatment: { event: 'deposit_faild', withinMs: 1000 } },
    /no event "deposit_faild", which the treatment is made of.*deposit_failed/,
  );
  await refused({ outcome: { ...QUESTION.outcome, metric: 'joy' } }, /there is no metric "joy" in the catalogue/);
});
