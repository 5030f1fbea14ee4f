import type { Dialect, Model } from '../dialect.ts';

/**
 * Outcomes of a switchback with the window that they happened in: the region that they name, and the time. The unit is what the SDK hashes and
 * exposures carry, "region@start". Outcomes of the burn-in belong to no window.
 */
export function windowOutcomes(dialect: Dialect, windowMs: number, burnInMs: number): Model {
  const at = dialect.epochMs('outcome.occurred_at');
  return {
    name: 'int_window_outcomes',
    sql: `
-- One row per outcome event that names a region, after the burn-in of its window: window_id, occurred_at, value_0, value_1, …
SELECT
  CONCAT(outcome.named_unit_id, '@', CAST(${at} - MOD(${at}, ${whole(windowMs)}) AS STRING)) AS window_id,
  outcome.*
FROM stg_outcomes AS outcome
WHERE outcome.named_unit_id IS NOT NULL AND MOD(${at}, ${whole(windowMs)}) >= ${whole(burnInMs)}`,
  };
}

function whole(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new RangeError(`a time span must be a whole number of ms, got ${ms}`);
  return String(ms);
}
