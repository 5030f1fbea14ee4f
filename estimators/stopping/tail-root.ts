import { normalQuantile } from '../normal.ts';
import { exceeds, mirrored, type ScoreDensity } from './score-density.ts';

/** Where a boundary would be so far out that a double cannot tell its probability from 0. */
const OUT_OF_REACH = 38;
const PRECISION = 1e-12;

/**
 * The z that is exceeded with `probability` by those that went on so far; Infinity for a probability that a double cannot tell from 0, −Infinity where
 * fewer than that went on. Newton on the logarithm of the tail, kept between bounds: the tail of a log-concave density is log-concave, so a step from the
 * right of the root never passes it.
 *
 * @param drift of the density; only needed at the first look, which has none
 */
export function upperRoot(
  density: ScoreDensity | null,
  information: number,
  probability: number,
  drift = density?.drift ?? 0,
): number {
  if (!(probability > 1e-300)) return Infinity;
  if (probability >= 1) return -Infinity;
  // Those that went on exceed a value no more often than all do.
  let high = drift * Math.sqrt(information) + normalQuantile(probability);
  if (density === null) return high;
  let low = insideOf(density, { information, probability, high });
  if (low === -Infinity) return low;
  let z = high;
  for (let iteration = 0; iteration < 200 && high - low > PRECISION; iteration += 1) {
    const { probability: tail, slope } = exceeds(density, information, z);
    if (tail > probability) low = z;
    else high = z;
    const move = tail > 0 && slope < 0 ? (Math.log(tail / probability) * tail) / slope : NaN;
    const next = z - move;
    if (Math.abs(move) < PRECISION) return next;
    z = next > low && next < high ? next : (low + high) / 2;
  }
  return z > OUT_OF_REACH ? Infinity : z;
}

/** The mirror of `upperRoot`: the z below which those that went on fall with `probability`. */
export function lowerRoot(
  density: ScoreDensity | null,
  information: number,
  probability: number,
  drift = density?.drift ?? 0,
): number {
  return -upperRoot(density === null ? null : mirrored(density), information, probability, -drift);
}

/** A z that is exceeded more often than `probability`, by steps that double; −Infinity where none is. */
function insideOf(
  density: ScoreDensity,
  {
    information,
    probability,
    high,
  }: { readonly information: number; readonly probability: number; readonly high: number },
): number {
  for (let step = 0.01; step < 200; step *= 2) {
    if (exceeds(density, information, high - step).probability > probability) return high - step;
  }
  return -Infinity;
}
