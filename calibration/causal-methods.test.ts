import assert from 'node:assert/strict';
import { test } from 'node:test';
import { causalCoverage, holdsItsEstimand, PLAIN_DIFFERENCE } from './causal-methods.ts';

test('every causal method holds its own estimand, and the plain difference does not', () => {
  const lines = causalCoverage(150, 20261124);
  const wrong = lines.filter((line) => !holdsItsEstimand(line)).map(({ method, held }) => `${method}: ${held.value}`);
  assert.deepEqual(wrong, []);
  assert.ok(lines.filter(({ method }) => method !== PLAIN_DIFFERENCE).every(({ held }) => held.value > 0.88));
  assert.ok(lines.find(({ method }) => method === PLAIN_DIFFERENCE)!.held.value < 0.1);
});
