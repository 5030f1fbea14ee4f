import type { Model } from '../dialect.ts';

/** The total of every metric in every window that was exposed. */
export function windowTotals(metricCount: number): Model {
  const totals = Array.from({ length: metricCount }, (_, i) => `COALESCE(SUM(outcome.value_${i}), 0) AS y_${i}`);
  return {
    name: 'window_totals',
    sql: `
-- One row per window of a region that was exposed: unit_id, variant, and each metric's total y_0, y_1, …
SELECT exposure.unit_id, exposure.variant, ${totals.join(', ')}
FROM int_first_exposures AS exposure
LEFT JOIN int_window_outcomes AS outcome ON outcome.window_id = exposure.unit_id
GROUP BY exposure.unit_id, exposure.variant`,
  };
}
