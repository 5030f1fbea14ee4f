import { normalDensity, normalTail } from '../normal.ts';

/** Where an experiment goes on at a look, as z-values. */
export interface ContinuationRegion {
  readonly lower: number;
  readonly upper: number;
}

/**
 * The sub-density of the z-value at a look, of those experiments that went on at every look before it, on nodes with Simpson's weights.
 * Brownian motion: Z(t) √t has drift `drift` per unit of information fraction and independent increments.
 */
export interface ScoreDensity {
  /** Information fraction of the look that the density belongs to. */
  readonly information: number;
  readonly drift: number;
  readonly nodes: Float64Array;
  /** Density times Simpson's weight, by node. */
  readonly masses: Float64Array;
}

/** Beyond this many standard deviations of an increment nothing arrives that a double would show. */
const REACH = 9;
const COARSEST = 24;
const FINEST = 512;

/** The smallest step between two looks, relative to the information at the later one, that the grid resolves. */
export const SMALLEST_STEP_RATIO = (1.5 / FINEST) ** 2;

/** Nodes per Jennison & Turnbull's r that resolve the kernels between all looks. */
export function resolutionFor(information: readonly number[]): number {
  let narrowest = 1;
  for (let look = 1; look < information.length; look += 1) {
    const at = information[look] ?? NaN;
    narrowest = Math.min(narrowest, (at - (information[look - 1] ?? NaN)) / at);
  }
  return Math.min(FINEST, Math.max(COARSEST, Math.ceil(2.5 / Math.sqrt(narrowest))));
}

/**
 * Nodes and Simpson's weights of Jennison & Turnbull, Group Sequential Methods (2000), section 19.3, table 19.1: even where the mass is, wider
 * apart in the tails, cut to the continuation region.
 */
function grid(centre: number, region: ContinuationRegion, resolution: number): { x: Float64Array; w: Float64Array } {
  const ends: number[] = [];
  const push = (value: number): void => {
    const inside = Math.min(region.upper, Math.max(region.lower, value));
    const last = ends.at(-1);
    if (last === undefined || inside > last) ends.push(inside);
  };
  for (let i = 1; i < 6 * resolution; i += 1) {
    if (i < resolution) push(centre - 3 - 4 * Math.log(resolution / i));
    else if (i <= 5 * resolution) push(centre - 3 + (3 * (i - resolution)) / (2 * resolution));
    else push(centre + 3 + 4 * Math.log(resolution / (6 * resolution - i)));
  }
  const size = Math.max(1, 2 * ends.length - 1);
  const x = new Float64Array(size);
  const w = new Float64Array(size);
  for (let i = 0; i < ends.length; i += 1) {
    const here = ends[i] ?? NaN;
    x[2 * i] = here;
    if (i === 0) continue;
    const before = ends[i - 1] ?? NaN;
    const width = (here - before) / 6;
    x[2 * i - 1] = (here + before) / 2;
    w[2 * i - 2] = (w[2 * i - 2] ?? 0) + width;
    w[2 * i - 1] = 4 * width;
    w[2 * i] = width;
  }
  return { x, w };
}

/** The density at the first look, inside its continuation region. */
function firstDensity(
  information: number,
  drift: number,
  region: ContinuationRegion,
  resolution: number,
): ScoreDensity {
  const centre = drift * Math.sqrt(information);
  const { x, w } = grid(centre, region, resolution);
  const masses = w.map((weight, i) => weight * normalDensity((x[i] ?? 0) - centre));
  return { information, drift, nodes: x, masses };
}

/**
 * The density one look on: the recursion of P. Armitage, C. K. McPherson, B. C. Rowe, "Repeated significance tests on accumulating data",
 * JRSS A 132 (1969), 235–244; Jennison & Turnbull, equation 19.3.
 */
function nextDensity(
  before: ScoreDensity,
  information: number,
  region: ContinuationRegion,
  resolution: number,
): ScoreDensity {
  const { drift, nodes, masses } = before;
  const { x, w } = grid(drift * Math.sqrt(information), region, resolution);
  const step = Math.sqrt(information - before.information);
  const [now, then] = [Math.sqrt(information), Math.sqrt(before.information)];
  const result = new Float64Array(x.length);
  // Without drift and between symmetric boundaries one half is the mirror of the other.
  const isSymmetric = drift === 0 && region.lower === -region.upper && nodes[0] === -(nodes.at(-1) ?? NaN);
  const computed = isSymmetric ? Math.ceil(x.length / 2) : x.length;
  let first = 0;
  for (let j = 0; j < computed; j += 1) {
    const arrival = (x[j] ?? 0) * now - drift * step * step;
    while (first < nodes.length - 1 && arrival - (nodes[first] ?? 0) * then > REACH * step) first += 1;
    let sum = 0;
    for (let i = first; i < nodes.length; i += 1) {
      const u = (arrival - (nodes[i] ?? 0) * then) / step;
      if (u < -REACH) break;
      sum += (masses[i] ?? 0) * Math.exp(-0.5 * u * u);
    }
    result[j] = (w[j] ?? 0) * sum * (now / step) * INVERSE_ROOT_TWO_PI;
    if (isSymmetric) result[x.length - 1 - j] = result[j] ?? 0;
  }
  return { information, drift, nodes: x, masses: result };
}

const INVERSE_ROOT_TWO_PI = 0.398_942_280_401_432_7;

/**
 * Probability of going on until the density's look and then exceeding z = `upper` at the look with `information`, with its slope in z.
 * Without a density: of exceeding it at the first look, with `drift`.
 */
export function exceeds(
  density: ScoreDensity | null,
  information: number,
  upper: number,
  drift = density?.drift ?? 0,
): { readonly probability: number; readonly slope: number } {
  if (density === null) {
    const z = upper - drift * Math.sqrt(information);
    return { probability: normalTail(z), slope: -normalDensity(z) };
  }
  const { nodes, masses } = density;
  const change = information - density.information;
  const step = Math.sqrt(change);
  const [now, then] = [Math.sqrt(information), Math.sqrt(density.information)];
  let probability = 0;
  let slope = 0;
  for (let i = 0; i < nodes.length; i += 1) {
    const u = (upper * now - (nodes[i] ?? 0) * then - drift * change) / step;
    probability += (masses[i] ?? 0) * normalTail(u);
    slope -= (masses[i] ?? 0) * normalDensity(u) * (now / step);
  }
  return { probability, slope };
}

/** Probability of going on until the density's look and then falling below z = `lower`. */
export function fallsBelow(
  density: ScoreDensity | null,
  information: number,
  lower: number,
  drift = density?.drift ?? 0,
): number {
  return exceeds(density === null ? null : mirrored(density), information, -lower, -drift).probability;
}

/** The same experiments with every sign turned. */
export function mirrored({ information, drift, nodes, masses }: ScoreDensity): ScoreDensity {
  return {
    information,
    drift: -drift,
    nodes: nodes.map((z) => -z).reverse(),
    masses: Float64Array.from(masses).reverse(),
  };
}

/** The density of those who go on at this look: the first one, or one more. */
export function goOn(
  density: ScoreDensity | null,
  look: { readonly information: number; readonly drift: number; readonly region: ContinuationRegion },
  resolution: number,
): ScoreDensity {
  const { information, drift, region } = look;
  return density === null
    ? firstDensity(information, drift, region, resolution)
    : nextDensity(density, information, region, resolution);
}
