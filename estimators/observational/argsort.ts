const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const MASK = DIGITS - 1;

/**
 * The order of numbers from small to large, as indices; equal numbers stay in the order that they have. Radix sort by the bits of a double: linear in their
 * number, and no comparator is called.
 *
 * @param values finite numbers, or infinite ones; no NaN
 * @param among the indices to be sorted; default all
 */
export function argsort(values: Float64Array, among?: Uint32Array): Uint32Array {
  const count = among?.length ?? values.length;
  let order = new Uint32Array(count);
  let [low, high] = [new Uint32Array(count), new Uint32Array(count)];
  fillKeys(values, among, order, low, high);
  let [otherOrder, otherLow, otherHigh] = [new Uint32Array(count), new Uint32Array(count), new Uint32Array(count)];
  const counts = new Uint32Array(DIGITS);
  for (let shift = 0; shift < 64; shift += DIGIT_BITS) {
    counts.fill(0);
    for (let i = 0; i < count; i += 1) counts[digitOf(low[i]!, high[i]!, shift)]!++;
    if (isOneDigit(counts, count)) continue;
    let before = 0;
    for (let digit = 0; digit < DIGITS; digit += 1) {
      const of = counts[digit]!;
      counts[digit] = before;
      before += of;
    }
    for (let i = 0; i < count; i += 1) {
      const at = counts[digitOf(low[i]!, high[i]!, shift)]!++;
      otherOrder[at] = order[i]!;
      otherLow[at] = low[i]!;
      otherHigh[at] = high[i]!;
    }
    [order, otherOrder] = [otherOrder, order];
    [low, otherLow] = [otherLow, low];
    [high, otherHigh] = [otherHigh, high];
  }
  return order;
}

/** Bits of doubles that are in the order of the numbers: negative ones flipped whole, others by their sign. */
function fillKeys(
  values: Float64Array,
  among: Uint32Array | undefined,
  order: Uint32Array,
  low: Uint32Array,
  high: Uint32Array,
): void {
  const double = new Float64Array(1);
  const words = new Uint32Array(double.buffer);
  for (let i = 0; i < order.length; i += 1) {
    const index = among === undefined ? i : among[i]!;
    order[i] = index;
    // -0 and 0 are equal.
    double[0] = values[index]! + 0;
    const top = words[1]!;
    const isNegative = top >>> 31 === 1;
    low[i] = isNegative ? ~words[0]! : words[0]!;
    high[i] = isNegative ? ~top : top | 0x80000000;
  }
}

function digitOf(low: number, high: number, shift: number): number {
  if (shift >= 32) return (high >>> (shift - 32)) & MASK;
  const rest = low >>> shift;
  return (shift + DIGIT_BITS <= 32 ? rest : rest | (high << (32 - shift))) & MASK;
}

function isOneDigit(counts: Uint32Array, count: number): boolean {
  const first = counts.findIndex((of) => of > 0);
  return first < 0 || counts[first] === count;
}
