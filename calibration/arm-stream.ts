import type { SeededRandom } from '../estimators/seeded-random.ts';

/** Sums over the units of one arm so far: an outcome y, a covariate x and a denominator d. */
export interface ArmSums {
  count: number;
  y: number;
  yy: number;
  x: number;
  xx: number;
  xy: number;
  d: number;
  dd: number;
  yd: number;
}

/** How the units of one arm arrive, look by look. Both arms are the same: there is no effect. */
export interface Scenario {
  readonly name: string;
  readonly what: string;
  /** Units that arrive in an arm between looks `look` − 1 and `look`, from 1. */
  readonly units: (look: number) => number;
  /** One unit's outcome, covariate and denominator. */
  readonly draw: (random: SeededRandom, look: number) => readonly [y: number, x: number, d: number];
}

export const emptySums = (): ArmSums => ({ count: 0, y: 0, yy: 0, x: 0, xx: 0, xy: 0, d: 0, dd: 0, yd: 0 });

/** Adds the units of one look. */
export function addLook(sums: ArmSums, { units, draw }: Scenario, look: number, random: SeededRandom): void {
  const count = units(look);
  for (let unit = 0; unit < count; unit += 1) {
    const [y, x, d] = draw(random, look);
    sums.count += 1;
    sums.y += y;
    sums.yy += y * y;
    sums.x += x;
    sums.xx += x * x;
    sums.xy += x * y;
    sums.d += d;
    sums.dd += d * d;
    sums.yd += y * d;
  }
}

const EVEN_UNITS = 40;
const WEEK_LOOKS = 7;

/** Revenue: one unit in five spends, and then log-normally. */
function revenue(random: SeededRandom): number {
  return random.uniform() < 0.2 ? Math.exp(1.2 * random.normal()) : 0;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'normal',
    what: `${EVEN_UNITS} units an arm between two looks, normal outcomes, a covariate with a correlation of 0.8, denominators of 1 to 9`,
    units: () => EVEN_UNITS,
    draw: (random) => {
      const x = random.normal();
      const d = 1 + Math.floor(9 * random.uniform());
      return [5 + 0.8 * x + 0.6 * random.normal(), x, d];
    },
  },
  {
    name: 'heavy tails',
    what: 'one unit in five spends, log-normally with σ = 1.2; the covariate is what it spent before',
    units: () => EVEN_UNITS,
    draw: (random) => {
      const usual = revenue(random);
      return [0.5 * usual + revenue(random), usual, 1 + Math.floor(4 * random.uniform())];
    },
  },
  {
    name: 'proportion of 5 %',
    what: 'an outcome that 5 % of the units have',
    units: () => EVEN_UNITS,
    draw: (random) => [random.bernoulli(0.05), random.bernoulli(0.3), 1 + Math.floor(3 * random.uniform())],
  },
  {
    name: 'ramp',
    what: '4 units an arm between two looks at first, 90 at last',
    units: (look) => (look <= 20 ? 4 : look <= 50 ? 20 : 90),
    draw: (random) => {
      const x = random.exponential(1);
      return [x + random.exponential(1), x, 1 + Math.floor(3 * random.uniform())];
    },
  },
  {
    name: 'weekly cycle',
    what: 'at the weekend (two looks of seven) units come three times as often and spend twice as much',
    units: (look) => (look % WEEK_LOOKS < 2 ? 75 : 25),
    draw: (random, look) => {
      const x = random.exponential(1);
      const scale = look % WEEK_LOOKS < 2 ? 2 : 1;
      return [scale * (x + random.exponential(1)), scale * x, 1 + Math.floor(3 * random.uniform())];
    },
  },
];
