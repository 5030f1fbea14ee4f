import type { Dialect, Model } from '../dialect.ts';
import type { CountedMetric } from '../sources.ts';

/** How many steps a funnel has; the first is its event. */
export function stepCount({ steps = [] }: CountedMetric): number {
  return steps.length + 1;
}

export function isFunnel({ type }: Pick<CountedMetric, 'type'>): boolean {
  return type === 'funnel';
}

/**
 * Which units reached the end of a funnel, and the step that a conversion begins at. The first event that fits is a step's, where it comes after
 * the one of the step before: by its time and, within one moment, by its place in the log. All of them lie in the unit's window.
 */
export function funnels(dialect: Dialect, metrics: readonly CountedMetric[]): readonly Model[] {
  return metrics.flatMap((metric, index) => (isFunnel(metric) ? [funnel(dialect, metric, index)] : []));
}

function funnel(dialect: Dialect, metric: CountedMetric, index: number): Model {
  const steps = Array.from({ length: stepCount(metric) }, (_, step) => step);
  const column = (step: number): string => `step_${index}_${step}`;
  const place = dialect.placeKey('outcome.occurred_at', 'outcome.log_partition', 'outcome.log_offset');
  const base = `
  SELECT exposure.unit_id, ${place} AS place, ${steps.map((step) => `outcome.${column(step)}`).join(', ')}
  FROM int_first_exposures AS exposure
  INNER JOIN int_unit_outcomes AS outcome
    ON outcome.unit_id = exposure.unit_id
    AND outcome.occurred_at >= exposure.first_exposed_at
    AND outcome.occurred_at < ${dialect.addMs('exposure.first_exposed_at', metric.windowMs)}
  WHERE ${steps.map((step) => `outcome.${column(step)} IS NOT NULL`).join(' OR ')}`;
  const reached = steps.reduce((before, step) => {
    const isAfter = step === 0 ? '' : ` AND place > reached_${step - 1}`;
    return `
SELECT *, MIN(CASE WHEN ${column(step)} IS NOT NULL${isAfter} THEN place END) OVER (PARTITION BY unit_id) AS reached_${step}
FROM (${before}
) AS until_step_${step}`;
  }, base);
  const has = (step: number): string => `MAX(CASE WHEN reached_${step} IS NOT NULL THEN 1 ELSE 0 END)`;
  const last = steps.at(-1) ?? 0;
  return {
    name: `funnel_${index}`,
    sql: `
-- One row per unit with any step: y, whether it reached the last one; d, whether it reached the step that the conversion begins at.
SELECT unit_id, ${has(last)} AS y, ${has((metric.givenStep ?? 1) - 1)} AS d
FROM (${reached}
) AS steps
GROUP BY unit_id`,
  };
}
