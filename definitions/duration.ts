const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** How a duration is written. */
export const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const LONGEST_MS = 3_650 * UNIT_MS.d;

/**
 * A duration such as `500ms`, `10s`, `5m`, `2h`, `7d` or `1.5h`, in ms.
 * @throws RangeError where the text is none, or is longer than ten years
 */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text);
  const unit = match?.[2];
  if (match === null || !isUnit(unit)) {
    throw new RangeError(`"${text}" is not a duration; write a number and a unit, such as 500ms, 10s, 5m, 2h or 7d`);
  }
  const durationMs = Number(match[1]) * UNIT_MS[unit];
  if (!Number.isInteger(durationMs))
    throw new RangeError(`"${text}" is finer than a millisecond; use whole milliseconds`);
  if (durationMs > LONGEST_MS) throw new RangeError(`"${text}" is longer than ten years (3650d)`);
  return durationMs;
}

/** The shortest exact form of a duration, such as `90m`. */
export function formatDuration(durationMs: number): string {
  const units = ['d', 'h', 'm', 's'] as const;
  const unit = durationMs === 0 ? 's' : units.find((candidate) => durationMs % UNIT_MS[candidate] === 0);
  return unit === undefined ? `${durationMs}ms` : `${durationMs / UNIT_MS[unit]}${unit}`;
}

function isUnit(unit: string | undefined): unit is keyof typeof UNIT_MS {
  return unit !== undefined && Object.hasOwn(UNIT_MS, unit);
}
