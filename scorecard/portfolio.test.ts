import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../estimators/seeded-random.ts';
import { buildScorecard } from './build.ts';
import { adjudicatePortfolio } from './portfolio.ts';
import type { Scorecard } from './scorecard.ts';
import { scorecardInput } from './testing/inputs.ts';

const SIZE = 4_000;

function experiment(
  key: string,
  rates: readonly [number, number],
  units: readonly [number, number] = [SIZE, SIZE],
): Scorecard {
  return buildScorecard(scorecardInput({ units, deposited: rates, failed: [0.3, 0.25], definition: { key } }));
}

test('a lone finding holds, among many it has to be surer; what shows no effect is named with the reason', () => {
  const weak = experiment('weak', [0.4, 0.441]);
  const alone = adjudicatePortfolio([weak]);
  assert.equal(alone.entries[0]?.isDiscovery, true);
  const others = Array.from({ length: 60 }, (_, index) => experiment(`none-${index}`, [0.4, 0.4]));
  const broken = experiment('broken', [0.4, 0.5], [SIZE, SIZE - 800]);
  const strong = experiment('strong', [0.4, 0.5]);
  const { entries, withoutEffect } = adjudicatePortfolio([...others, weak, broken, strong]);
  assert.deepEqual([entries[0]?.experimentKey, entries[0]?.isDiscovery], ['strong', true]);
  assert.match(entries[0]?.reason ?? '', /^deposited \+25\.0 % holds among 62 comparisons \(p/);
  const found = entries.find(({ experimentKey }) => experimentKey === 'weak');
  assert.equal(found?.isDiscovery, false);
  assert.match(found?.reason ?? '', /may be chance among 62 comparisons/);
  assert.deepEqual(
    withoutEffect.map(({ experimentKey }) => experimentKey),
    ['broken'],
  );
  assert.match(withoutEffect[0]?.reason ?? '', /No effect is shown/);
});

test('of the discoveries of a portfolio at most one in twenty is wrong', () => {
  const random = seededRandom(20261125);
  const draw = (rate: number): number => rate + Math.sqrt((rate * (1 - rate)) / SIZE) * random.normal();
  const portfolios = 60;
  let wrongShare = 0;
  let found = 0;
  for (let round = 0; round < portfolios; round += 1) {
    const scorecards = Array.from({ length: 50 }, (_, index) =>
      experiment(index < 10 ? `real-${index}` : `none-${index}`, [draw(0.3), draw(index < 10 ? 0.36 : 0.3)]),
    );
    const discoveries = adjudicatePortfolio(scorecards).entries.filter(({ isDiscovery }) => isDiscovery);
    const wrong = discoveries.filter(({ experimentKey }) => experimentKey.startsWith('none')).length;
    found += discoveries.length - wrong;
    wrongShare += discoveries.length === 0 ? 0 : wrong / discoveries.length;
  }
  assert.ok(wrongShare / portfolios <= 0.05, `${wrongShare / portfolios}`);
  assert.ok(found / portfolios > 5, `found ${found / portfolios} of 10`);
});

test('nothing runs: nothing is said', () => {
  assert.deepEqual(adjudicatePortfolio([]), { falseDiscoveryRate: 0.05, entries: [], withoutEffect: [] });
});
