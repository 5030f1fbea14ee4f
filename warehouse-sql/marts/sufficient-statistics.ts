import type { Model } from '../dialect.ts';

/** All that the estimators need: a scorecard costs them the same for a thousand units and a billion. */
export const SUFFICIENT_STATISTICS: Model = {
  name: 'sufficient_statistics',
  sql: `
-- One row per variant: units, and sums, squares and the cross product of y and x over them.
SELECT
  variant,
  COUNT(*) AS units,
  SUM(y) AS sum_y,
  SUM(y * y) AS sum_yy,
  SUM(x) AS sum_x,
  SUM(x * x) AS sum_xx,
  SUM(x * y) AS sum_xy
FROM unit_metrics
GROUP BY variant`,
};
