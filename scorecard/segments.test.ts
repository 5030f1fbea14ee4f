import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../estimators/seeded-random.ts';
import { buildScorecard, type ScorecardInput, type SegmentStatistics } from './build.ts';
import { proportion, scorecardInput } from './testing/inputs.ts';

const WHOLE = { units: [20_000, 20_000], deposited: [0.4, 0.43], failed: [0.3, 0.25] } as const;

function segment(value: string, count: number, rates: readonly [number, number]): SegmentStatistics[] {
  return (['control', 'retry'] as const).map((variant, arm) => ({
    ...proportion('deposited', variant, count, rates[arm] ?? 0),
    attribute: 'device',
    value,
  }));
}

function withSegments(segmentStatistics: readonly SegmentStatistics[]): ScorecardInput {
  return { ...scorecardInput(WHOLE), segmentStatistics };
}

test('a harmed segment is shown first, beside a positive average', () => {
  const card = buildScorecard(
    withSegments([...segment('android', 14_000, [0.4, 0.47]), ...segment('feature phone', 6_000, [0.4, 0.33])]),
  );
  assert.equal(card.verdict, 'ship');
  const [first, second] = card.segments;
  assert.deepEqual(
    [first?.value, first?.isHarmed, second?.value, second?.isHarmed],
    ['feature phone', true, 'android', false],
  );
  assert.ok((first?.absolute.upper ?? 1) < 0);
  assert.match(card.summary, /Worse for device = feature phone/);
});

test('segments that are too small are not read, and an invalid scorecard has none', () => {
  assert.deepEqual(buildScorecard(withSegments(segment('ios', 99, [0.4, 0.1]))).segments, []);
  const broken = scorecardInput({ ...WHOLE, units: [20_000, 18_000] });
  const card = buildScorecard({ ...broken, segmentStatistics: segment('ios', 5_000, [0.4, 0.1]) });
  assert.equal(card.verdict, 'invalid');
  assert.deepEqual(card.segments, []);
});

test('forty segments without an effect: one of them is called harmed in at most 5 % of experiments', () => {
  const random = seededRandom(20261124);
  const experiments = 300;
  let alarms = 0;
  for (let experiment = 0; experiment < experiments; experiment += 1) {
    const statistics = Array.from({ length: 40 }, (_, place) => {
      const drawn = [0, 0].map(() => 0.3 + Math.sqrt((0.3 * 0.7) / 500) * random.normal());
      return segment(`s${place}`, 500, [drawn[0] ?? 0, drawn[1] ?? 0]);
    }).flat();
    if (buildScorecard(withSegments(statistics)).segments.some(({ isHarmed }) => isHarmed)) alarms += 1;
  }
  assert.ok(alarms / experiments <= 0.05, `${alarms} of ${experiments}`);
});
