import type { EvaluateOptions } from './evaluation.ts';
import { unitIdIn } from './unit.ts';

/** The unit of a switchback: an id in the time window that the time lies in. Windows begin at multiples of their length since 1970 UTC. */
export function windowUnit(id: string, windowMs: number, nowMs: number): string {
  return `${id}@${Math.floor(nowMs / windowMs) * windowMs}`;
}

/** As `unitIdIn`, for a switchback; `undefined` too where the caller gives no clock: then nobody knows the window. */
export function windowUnitIn(
  context: Readonly<Record<string, unknown>>,
  { unitType, windowMs }: { readonly unitType: string; readonly windowMs: number },
  options: EvaluateOptions | undefined,
): string | undefined {
  const id = unitIdIn(context, unitType, options);
  const nowMs = options?.clock?.();
  return id === undefined || nowMs === undefined ? undefined : windowUnit(id, windowMs, nowMs);
}

/** A clock that stands still from one `begin` to the next, so that a decision and its exposure are of the same window. */
export class DecisionClock {
  readonly #clock: () => number;
  #nowMs: number | undefined;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  begin(): void {
    this.#nowMs = undefined;
  }

  /** Ms since 1970 UTC. The clock is read when it is first asked for. */
  readonly now = (): number => (this.#nowMs ??= this.#clock());
}
