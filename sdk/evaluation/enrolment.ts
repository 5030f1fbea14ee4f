import type { BucketRange, Experiment } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { BUCKETS, saltedHash } from './murmur3.ts';

export { BUCKETS };

/** Tells whether a bucket of the layer is enrolled in an experiment. */
export type Enrolment = (bucket: number) => boolean;

/**
 * The enrolled buckets are the first `enrolledBucketCount` of the reserved ones in ascending order of (hash of the bucket, bucket), so a
 * ramp only ever adds some. Ordering 10,000 buckets takes about a millisecond, so it is done when the experiment is first met.
 */
export function enrolmentOf(experiment: Experiment): Enrolment {
  const { reservedBuckets, enrolledBucketCount } = experiment;
  const reservedCount = reservedBuckets.reduce((sum, { first, end }) => sum + end - first, 0);
  if (enrolledBucketCount === 0) return () => false;
  if (enrolledBucketCount >= reservedCount) return rangeTest(reservedBuckets);
  let enrolled: Uint8Array | undefined;
  return (bucket) => {
    enrolled ??= enrolledBits(experiment);
    return (((enrolled[bucket >>> 3] ?? 0) >>> (bucket & 7)) & 1) === 1;
  };
}

/** Whether a bucket lies in one of the ranges; most often there is one. */
export function rangeTest(ranges: readonly BucketRange[]): Enrolment {
  const [only] = ranges;
  if (only === undefined || ranges.length > 1) return (bucket) => isReserved(ranges, bucket);
  const { first, end } = only;
  return (bucket) => bucket >= first && bucket < end;
}

export function isReserved(ranges: readonly BucketRange[], bucket: number): boolean {
  for (const { first, end } of ranges) if (bucket >= first && bucket < end) return true;
  return false;
}

function enrolledBits({ reservedBuckets, enrolledBucketCount, enrolmentSalt }: Experiment): Uint8Array {
  const hash = saltedHash(enrolmentSalt);
  const order: number[] = [];
  for (const { first, end } of reservedBuckets) {
    // One number that sorts by hash, then by bucket; exact, because it is below 2^53.
    for (let bucket = first; bucket < end; bucket += 1) order.push(hash(String(bucket)) * 16_384 + bucket);
  }
  const bits = new Uint8Array(Math.ceil(BUCKETS / 8));
  for (const key of Float64Array.from(order).sort().subarray(0, enrolledBucketCount)) {
    const bucket = key % 16_384;
    bits[bucket >>> 3] = (bits[bucket >>> 3] ?? 0) | (1 << (bucket & 7));
  }
  return bits;
}
