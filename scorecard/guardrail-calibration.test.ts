import assert from 'node:assert/strict';
import { test } from 'node:test';
import { momentsFromSums, type Moments } from '../estimators/moments.ts';
import { seededRandom, type SeededRandom } from '../estimators/seeded-random.ts';
import { checkGuardrail, MINIMUM_UNITS_PER_ARM } from './guardrail.ts';

const ALPHA = 0.05;
const MARGIN = 0.1;
const TRIALS = 400;

interface Arm {
  count: number;
  sum: number;
  sumOfSquares: number;
}

function add(arm: Arm, y: number): void {
  arm.count += 1;
  arm.sum += y;
  arm.sumOfSquares += y * y;
}

interface Scenario {
  readonly name: string;
  readonly seed: number;
  readonly goodDirection: 'increase' | 'decrease';
  /** Units of control for each of the variant. */
  readonly controlPerVariant: number;
  readonly variantUnits: number;
  readonly draw: (random: SeededRandom, factor: number) => number;
}

const rate =
  (base: number): Scenario['draw'] =>
  (random, factor) =>
    random.bernoulli(base * factor);

/** Whether the guardrail ever fails, looked at every 25 units of the variant from the first possible look on. */
function everFails(
  { goodDirection, controlPerVariant, variantUnits, draw }: Scenario,
  random: SeededRandom,
  factor: number,
): boolean {
  const control: Arm = { count: 0, sum: 0, sumOfSquares: 0 };
  const variant: Arm = { count: 0, sum: 0, sumOfSquares: 0 };
  const moments = (arm: Arm): Moments => momentsFromSums(arm);
  for (let unit = 1; unit <= variantUnits; unit += 1) {
    add(variant, draw(random, factor));
    for (let i = 0; i < controlPerVariant; i += 1) add(control, draw(random, 1));
    if (unit < MINIMUM_UNITS_PER_ARM || unit % 25 !== 0) continue;
    const { status } = checkGuardrail({
      control: moments(control),
      variant: moments(variant),
      goodDirection,
      marginRatio: MARGIN,
      alpha: ALPHA,
    });
    if (status === 'failed') return true;
  }
  return false;
}

const share = (scenario: Scenario, factor: number): number => {
  const random = seededRandom(scenario.seed);
  let failed = 0;
  for (let trial = 0; trial < TRIALS; trial += 1) if (everFails(scenario, random, factor)) failed += 1;
  return failed / TRIALS;
};

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a common outcome that should grow',
    seed: 11,
    goodDirection: 'increase',
    controlPerVariant: 1,
    variantUnits: 3_000,
    draw: rate(0.4),
  },
  {
    name: 'a rare outcome that should grow, with a small variant',
    seed: 12,
    goodDirection: 'increase',
    controlPerVariant: 9,
    variantUnits: 1_000,
    draw: rate(0.02),
  },
  {
    name: 'a rare outcome that should fall',
    seed: 13,
    goodDirection: 'decrease',
    controlPerVariant: 1,
    variantUnits: 3_000,
    draw: rate(0.02),
  },
  {
    name: 'a very rare outcome that should fall, with a small variant',
    seed: 14,
    goodDirection: 'decrease',
    controlPerVariant: 9,
    variantUnits: 1_000,
    draw: rate(0.005),
  },
  {
    name: 'a skewed amount that should grow',
    seed: 15,
    goodDirection: 'increase',
    controlPerVariant: 1,
    variantUnits: 3_000,
    draw: (random, factor) => random.bernoulli(0.2) * random.exponential(1) ** 2 * factor,
  },
];

for (const scenario of SCENARIOS) {
  test(`a harm of exactly the margin is hardly ever called a breach, looking on and on: ${scenario.name}`, (context) => {
    const factor = scenario.goodDirection === 'increase' ? 1 - MARGIN : 1 + MARGIN;
    const falseAlarms = share(scenario, factor);
    context.diagnostic(`false alarms: ${(100 * falseAlarms).toFixed(2)} % of ${TRIALS} experiments`);
    assert.ok(falseAlarms <= ALPHA);
  });
}

test('a harm of three times the margin is found', (context) => {
  const [scenario] = SCENARIOS;
  assert.ok(scenario !== undefined);
  const found = share(scenario, 1 - 3 * MARGIN);
  context.diagnostic(`found in ${(100 * found).toFixed(1)} % of ${TRIALS} experiments`);
  assert.ok(found > 0.95);
});
