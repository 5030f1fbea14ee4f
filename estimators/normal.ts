const HALF_LOG_TWO_PI = 0.918_938_533_204_672_8;
const FRACTION_FROM = 4;
const SMALLEST = 1e-300;

/** Density of the standard normal distribution. */
export function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z - HALF_LOG_TWO_PI);
}

/**
 * Probability that a standard normal variable exceeds z. Near 0 by Marsaglia's series ("Evaluating the normal distribution", Journal of
 * Statistical Software 11, 2004), far out by Laplace's continued fraction, so that small tails keep their digits.
 */
export function normalTail(z: number): number {
  if (z < -FRACTION_FROM) return 1 - normalTail(-z);
  if (z > 38.5) return 0;
  return z < FRACTION_FROM ? centralTail(z) : normalDensity(z) / continuedFraction(z);
}

/** 1/2 − φ(z) (z + z³/3 + z⁵/15 + …). Above 2 the difference would lose digits, so the tail there is summed from a tabled one by Taylor. */
function centralTail(z: number): number {
  if (z > 1.5) return normalDensity(z) * millsByTaylor(z);
  const square = z * z;
  let term = z;
  let sum = z;
  for (let k = 3; Math.abs(term) > Math.abs(sum) * 1e-17; k += 2) {
    term *= square / k;
    sum += term;
  }
  return 0.5 - normalDensity(z) * sum;
}

/** Mills' ratio Q(z) / φ(z) at 2, 3 and 4. */
const MILLS: readonly (readonly [number, number])[] = [
  [2, 0.421_369_229_288_054_5],
  [3, 0.304_590_298_710_102_96],
  [4, 0.236_652_382_913_560_67],
];

/** Mills' ratio by its Taylor series around the nearest whole number: M' = z M − 1, M⁽ᵏ⁺¹⁾ = z M⁽ᵏ⁾ + k M⁽ᵏ⁻¹⁾. */
function millsByTaylor(z: number): number {
  const [at, value] = MILLS[Math.min(2, Math.max(0, Math.round(z) - 2))] ?? [4, 0.236_652_382_913_560_67];
  const step = z - at;
  let before = value;
  let derivative = at * value - 1;
  let power = step;
  let sum = value + derivative * power;
  for (let k = 1; k < 60; k += 1) {
    const next = at * derivative + k * before;
    before = derivative;
    derivative = next;
    power *= step / (k + 1);
    const term = derivative * power;
    sum += term;
    if (Math.abs(term) < 1e-17 * sum) break;
  }
  return sum;
}

/** z + 1/(z + 2/(z + 3/(z + …))), the reciprocal of Mills' ratio. */
function continuedFraction(z: number): number {
  let value = z;
  for (let k = z > 10 ? 30 : 90; k > 0; k -= 1) value = z + k / value;
  return value;
}

/**
 * The z that a standard normal variable exceeds with probability `tail`: Abramowitz & Stegun 26.2.23 polished by Newton steps on the
 * logarithm of the tail.
 *
 * @throws RangeError unless 0 < tail < 1
 */
export function normalQuantile(tail: number): number {
  if (!(tail > 0 && tail < 1)) throw new RangeError(`normal quantile: the tail must lie between 0 and 1, got ${tail}`);
  if (tail > 0.5) return -normalQuantile(1 - tail);
  const target = Math.max(tail, SMALLEST);
  const t = Math.sqrt(-2 * Math.log(target));
  let z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (let step = 0; step < 4; step += 1) {
    const q = normalTail(z);
    const move = (q * Math.log(q / target)) / normalDensity(z);
    z += move;
    if (Math.abs(move) < 1e-15) break;
  }
  return z;
}
