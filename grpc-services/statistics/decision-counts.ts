import { Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';

const REASONS: readonly Reason[] = Object.values(Reason);

/** How often each reason decided. One more costs about ten nanoseconds: it is on the way of every decision. */
export class DecisionCounts {
  readonly #places: Readonly<Record<string, number>> = Object.fromEntries(
    REASONS.map((reason, place) => [reason, place]),
  );
  readonly #counts = new Float64Array(REASONS.length);

  add(reason: Reason): void {
    const place = this.#places[reason] ?? 0;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  byReason(): ReadonlyMap<string, number> {
    return new Map(REASONS.map((reason, place) => [reason, this.#counts[place] ?? 0]));
  }
}
