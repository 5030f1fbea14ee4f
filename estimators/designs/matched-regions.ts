/** Outcomes of a region before the experiment, one for each period, the same periods for all. */
export interface RegionSeries {
  readonly region: string;
  readonly values: readonly number[];
}

export interface RegionPair {
  readonly first: string;
  readonly second: string;
  /** Root of the mean squared difference of their changes from period to period, each over its own mean. */
  readonly distance: number;
  /** Of their values. */
  readonly correlation: number;
}

export interface MatchedRegions {
  readonly pairs: readonly RegionPair[];
  /** Regions without a partner, where their number is odd: the ones that match worst. */
  readonly leftOver: readonly string[];
}

/**
 * Pairs regions that move alike, by the distance between their series relative to their means: the closest pair first, then improved by swaps
 * between pairs until none helps. A coin then decides in each pair who is treated.
 *
 * Sources: J. Vaver, J. Koehler, "Measuring ad effectiveness using geo experiments" (2011); K. Imai, G. King, C. Nall, Statistical Science
 * 24 (2009), 29–53, on why pairs should be matched before they are randomized.
 *
 * @throws RangeError for fewer than two regions, a region twice, series of different or too short length, or a mean that is not above 0
 */
export function matchRegions(series: readonly RegionSeries[]): MatchedRegions {
  const shapes = series.map((one) => shapeOf(one, series[0]?.values.length ?? 0));
  if (series.length < 2) throw new RangeError(`region matching: needs at least 2 regions, got ${series.length}`);
  if (new Set(series.map(({ region }) => region)).size < series.length)
    throw new RangeError('region matching: a region is there twice');
  const distance = (a: number, b: number): number => distanceOf(shapes[a] ?? [], shapes[b] ?? []);
  const { pairs, leftOver } = greedy(series.length, distance);
  improve(pairs, distance);
  return {
    pairs: pairs.map(([a, b]) => ({
      first: series[a]?.region ?? '',
      second: series[b]?.region ?? '',
      distance: distance(a, b),
      correlation: correlationOf(series[a]?.values ?? [], series[b]?.values ?? []),
    })),
    leftOver: leftOver.map((index) => series[index]?.region ?? ''),
  };
}

function shapeOf({ region, values }: RegionSeries, length: number): number[] {
  if (values.length !== length || length < 3)
    throw new RangeError(
      `region matching: "${region}" has ${values.length} periods; all regions need the same, at least 3`,
    );
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  if (!(mean > 0) || !Number.isFinite(mean))
    throw new RangeError(`region matching: the mean of "${region}" is ${mean}; it must be above 0`);
  return values.map((value) => value / mean);
}

/** Changes from period to period: the level, which differences in differences remove, does not count. */
function distanceOf(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 1; i < a.length; i += 1) {
    const change = (a[i] ?? 0) - (a[i - 1] ?? 0) - ((b[i] ?? 0) - (b[i - 1] ?? 0));
    sum += change ** 2;
  }
  return Math.sqrt(sum / (a.length - 1));
}

type Pair = [number, number];

function greedy(count: number, distance: (a: number, b: number) => number) {
  const candidates: (readonly [number, number, number])[] = [];
  for (let a = 0; a < count; a += 1)
    for (let b = a + 1; b < count; b += 1) candidates.push([distance(a, b), a, b] as const);
  candidates.sort((x, y) => x[0] - y[0] || x[1] - y[1] || x[2] - y[2]);
  const free = new Set(Array.from({ length: count }, (_, index) => index));
  const pairs: Pair[] = [];
  for (const [, a, b] of candidates) {
    if (!free.has(a) || !free.has(b)) continue;
    pairs.push([a, b]);
    free.delete(a);
    free.delete(b);
  }
  return { pairs, leftOver: [...free] };
}

const MOST_ROUNDS = 100;

/** Swaps partners between two pairs while that lowers the sum of the squared distances. */
function improve(pairs: Pair[], distance: (a: number, b: number) => number): void {
  const cost = (a: number, b: number): number => distance(a, b) ** 2;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    let isBetter = false;
    for (const [i, one] of pairs.entries()) {
      for (const other of pairs.slice(i + 1)) {
        const [a, b] = one;
        const [c, d] = other;
        const now = cost(a, b) + cost(c, d);
        const options: readonly (readonly [Pair, Pair])[] = [
          [
            [a, c],
            [b, d],
          ],
          [
            [a, d],
            [b, c],
          ],
        ];
        for (const [first, second] of options) {
          if (cost(...first) + cost(...second) >= now - 1e-15) continue;
          [one[0], one[1], other[0], other[1]] = [...first, ...second];
          isBetter = true;
          break;
        }
      }
    }
    if (!isBetter) return;
  }
}

function correlationOf(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, value] of a.entries()) {
    ab += (value - meanA) * ((b[i] ?? 0) - meanB);
    aa += (value - meanA) ** 2;
    bb += ((b[i] ?? 0) - meanB) ** 2;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
