import type { BucketRange, WeightedVariant } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { BUCKETS } from './murmur3.ts';

/** Adds a problem for each range that does not lie within the number line. */
export function checkBuckets(place: string, ranges: readonly BucketRange[], problems: string[]): void {
  for (const { first, end } of ranges) {
    if (isBasisPoints(first) && isBasisPoints(end) && first < end) continue;
    problems.push(`${place}: buckets ${first} to ${end} are not a range within 0 to ${BUCKETS}`);
  }
}

export function countBuckets(ranges: readonly BucketRange[]): number {
  return ranges.reduce((sum, { first, end }) => sum + end - first, 0);
}

/** Adds a problem unless the weights are a split of the whole line between variants that the flag has. */
export function checkWeights(
  place: string,
  weights: readonly WeightedVariant[],
  variants: ReadonlySet<string>,
  problems: string[],
): void {
  const seen = new Set<string>();
  for (const { variant, weightBasisPoints } of weights) {
    checkVariant(place, variant, variants, problems);
    if (seen.has(variant)) problems.push(`${place}: variant "${variant}" has two weights`);
    seen.add(variant);
    if (isBasisPoints(weightBasisPoints)) continue;
    problems.push(`${place}: the weight of "${variant}" is ${weightBasisPoints}, not 0 to ${BUCKETS} basis points`);
  }
  const sum = weights.reduce((total, { weightBasisPoints }) => total + weightBasisPoints, 0);
  if (sum !== BUCKETS) problems.push(`${place}: its weights add up to ${sum}, not to ${BUCKETS} basis points`);
}

export function checkVariant(place: string, variant: string, variants: ReadonlySet<string>, problems: string[]): void {
  if (!variants.has(variant)) problems.push(`${place}: the flag has no variant "${variant}"`);
}

export function isBasisPoints(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= BUCKETS;
}
