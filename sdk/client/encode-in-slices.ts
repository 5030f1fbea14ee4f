import { setImmediate } from 'node:timers/promises';
import { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';

/** Few enough documents that encoding them takes under a millisecond or two. */
const SLICE = 100;

/**
 * Encodes a ruleset a slice at a time, with room for other work in between: a large one takes tens of milliseconds, and the service that
 * the SDK runs in must answer meanwhile. Put one after the other, the slices are the whole message, as repeated fields add up.
 */
export async function* encodeInSlices(ruleset: Ruleset): AsyncGenerator<Uint8Array> {
  const { flags, experiments, segments, layers, holdouts, kills, version, publishedAt } = ruleset;
  const none = Ruleset.fromPartial({});
  yield Ruleset.encode({ ...none, version, publishedAt, kills }).finish();
  const slices = [
    ...slicesOf(segments).map((part) => ({ ...none, segments: part })),
    ...slicesOf(layers).map((part) => ({ ...none, layers: part })),
    ...slicesOf(holdouts).map((part) => ({ ...none, holdouts: part })),
    ...slicesOf(flags).map((part) => ({ ...none, flags: part })),
    ...slicesOf(experiments).map((part) => ({ ...none, experiments: part })),
  ];
  for (const slice of slices) {
    yield Ruleset.encode(slice).finish();
    await setImmediate();
  }
}

function slicesOf<T>(documents: readonly T[]): T[][] {
  const slices: T[][] = [];
  for (let first = 0; first < documents.length; first += SLICE) slices.push(documents.slice(first, first + SLICE));
  return slices;
}
