import type { BucketRange } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { ConflictError } from '../port.ts';

/** Buckets of a layer's number line; a bucket is one basis point of all traffic. */
export const BUCKETS = 10_000;

/** Who holds which buckets of a layer. */
export interface Reservation {
  readonly experimentKey: string;
  readonly buckets: readonly BucketRange[];
}

export function countBuckets(ranges: readonly BucketRange[]): number {
  return ranges.reduce((total, range) => total + range.end - range.first, 0);
}

/**
 * Takes buckets of a layer that nobody holds: the first free ones from `startAt` on, around the end of the line. Different starts keep
 * experiments that follow each other from always meeting the same units.
 *
 * @param startAt a bucket, 0 to 9,999
 * @throws ConflictError naming the holders, where fewer than `count` buckets are free
 */
export function reserveBuckets(
  layerKey: string,
  held: readonly Reservation[],
  count: number,
  startAt: number,
): BucketRange[] {
  const free = subtract(
    [{ first: 0, end: BUCKETS }],
    held.flatMap((reservation) => reservation.buckets),
  );
  const freeCount = countBuckets(free);
  if (freeCount < count) {
    const holders = held
      .map((holder) => `${holder.experimentKey} (${countBuckets(holder.buckets) / 100} %)`)
      .sort()
      .join(', ');
    throw new ConflictError(
      `layer ${layerKey} has only ${freeCount / 100} % of its traffic free, but ${count / 100} % is wanted; it is held by ${holders}. ` +
        'Wait until one of them ends, lower the final stage, or use another layer',
    );
  }
  const fromStart = [...clip(free, startAt, BUCKETS), ...clip(free, 0, startAt)];
  return normalise(takeFirst(fromStart, count));
}

/** The parts of `ranges` that are in none of `taken`, in order. */
export function subtract(ranges: readonly BucketRange[], taken: readonly BucketRange[]): BucketRange[] {
  return taken.reduce<BucketRange[]>(
    (rest, hole) => rest.flatMap((range) => [...clip([range], 0, hole.first), ...clip([range], hole.end, BUCKETS)]),
    normalise(ranges),
  );
}

function clip(ranges: readonly BucketRange[], first: number, end: number): BucketRange[] {
  return ranges
    .map((range) => ({ first: Math.max(range.first, first), end: Math.min(range.end, end) }))
    .filter((range) => range.first < range.end);
}

function takeFirst(ranges: readonly BucketRange[], count: number): BucketRange[] {
  let missing = count;
  return ranges.flatMap((range) => {
    const taken = Math.min(missing, range.end - range.first);
    missing -= taken;
    return taken === 0 ? [] : [{ first: range.first, end: range.first + taken }];
  });
}

/** Sorted, with neighbours joined. */
function normalise(ranges: readonly BucketRange[]): BucketRange[] {
  const joined: BucketRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const last = joined.at(-1);
    if (last !== undefined && last.end === range.first) last.end = range.end;
    else joined.push({ ...range });
  }
  return joined;
}
