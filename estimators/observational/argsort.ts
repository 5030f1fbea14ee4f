const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const MASK = DIGITS - 1;
/** Longer runs of numbers that agree in their leading bits are sorted by a comparator. */
const SHORT_RUN = 32;

/**
 * The order of numbers from small to large, as indices; equal numbers stay in the order that they have. A radix sort by the leading 32 bits of a double, and
 * an insertion sort of the few that agree in them: linear in their number.
 *
 * @param values finite numbers, or infinite ones; no NaN
 * @param among the indices to be sorted; default all
 */
export function argsort(values: Float64Array, among?: Uint32Array): Uint32Array {
  const count = among?.length ?? values.length;
  let order = new Uint32Array(count);
  let keys = new Uint32Array(count);
  fillKeys(values, among, order, keys);
  let otherOrder = new Uint32Array(count);
  let otherKeys = new Uint32Array(count);
  const places = new Uint32Array(DIGITS);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    places.fill(0);
    for (let i = 0; i < count; i += 1) places[(keys[i]! >>> shift) & MASK]!++;
    let before = 0;
    for (let digit = 0; digit < DIGITS; digit += 1) {
      const of = places[digit]!;
      places[digit] = before;
      before += of;
    }
    for (let i = 0; i < count; i += 1) {
      const key = keys[i]!;
      const at = places[(key >>> shift) & MASK]!++;
      otherOrder[at] = order[i]!;
      otherKeys[at] = key;
    }
    [order, otherOrder] = [otherOrder, order];
    [keys, otherKeys] = [otherKeys, keys];
  }
  sortRuns(values, order, keys);
  return order;
}

/** The leading bits of doubles, in the order of the numbers: negative ones flipped whole, others by their sign. */
function fillKeys(values: Float64Array, among: Uint32Array | undefined, order: Uint32Array, keys: Uint32Array): void {
  const double = new Float64Array(1);
  const words = new Uint32Array(double.buffer);
  for (let i = 0; i < order.length; i += 1) {
    const index = among === undefined ? i : among[i]!;
    order[i] = index;
    // -0 and 0 are equal.
    double[0] = values[index]! + 0;
    const top = words[1]!;
    keys[i] = top >>> 31 === 1 ? ~top : top | 0x80000000;
  }
}

function sortRuns(values: Float64Array, order: Uint32Array, keys: Uint32Array): void {
  for (let first = 0; first < order.length;) {
    let end = first + 1;
    while (end < order.length && keys[end] === keys[first]) end += 1;
    if (end - first > SHORT_RUN) sortLongRun(values, order, first, end);
    else if (end - first > 1) sortShortRun(values, order, first, end);
    first = end;
  }
}

function sortShortRun(values: Float64Array, order: Uint32Array, first: number, end: number): void {
  for (let i = first + 1; i < end; i += 1) {
    const index = order[i]!;
    const value = values[index]!;
    let at = i;
    while (at > first && values[order[at - 1]!]! > value) {
      order[at] = order[at - 1]!;
      at -= 1;
    }
    order[at] = index;
  }
}

/** Mostly one value many times, which is in order already. */
function sortLongRun(values: Float64Array, order: Uint32Array, first: number, end: number): void {
  const run = order.slice(first, end);
  const value = values[run[0]!]!;
  if (run.every((index) => values[index] === value)) return;
  const places = Uint32Array.from(run, (_, place) => place);
  places.sort((a, b) => values[run[a]!]! - values[run[b]!]! || a - b);
  for (let i = 0; i < places.length; i += 1) order[first + i] = run[places[i]!]!;
}
