import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import type { Scorecard } from '../../scorecard/scorecard.ts';
import { startTestStore, type TestStore } from '../testing/test-store.ts';

let bench: TestStore;

before(async () => {
  bench = await startTestStore();
});
after(() => bench.stop());

const scorecard = (computedAtMs: number, epoch = 1): Scorecard => ({
  experimentKey: 'card',
  epoch,
  computedAtMs,
  verdict: 'keep-running',
  summary: 'Nothing can be said yet.',
  winningVariant: null,
  split: { pValue: 0.4, threshold: 0.0005, isMismatch: false, counts: [], suspectSegments: [] },
  look: null,
  readouts: [],
  segments: [],
  gates: [],
  leftOut: { crossedUnits: 0, notRandomExposures: 3, immatureUnits: { deposits: 12 } },
});

test('the latest scorecard is that of the latest epoch and time, whatever the order of saving', async () => {
  const { store } = bench;
  assert.equal(await store.latestScorecard('card'), null);
  await store.saveScorecard(scorecard(2_000));
  await store.saveScorecard(scorecard(1_000));
  assert.deepEqual(await store.latestScorecard('card'), scorecard(2_000));
  await store.saveScorecard(scorecard(500, 2));
  await store.saveScorecard(scorecard(500, 2));
  assert.deepEqual(await store.latestScorecard('card'), scorecard(500, 2));
});

test('a number that is none is refused, since JSON would make it null', async () => {
  const broken = { ...scorecard(3_000), split: { ...scorecard(0).split, pValue: Number.NaN } } as Scorecard;
  await assert.rejects(bench.store.saveScorecard(broken), /scorecard of card: pValue is NaN/);
});
