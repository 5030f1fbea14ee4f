import type { MetricDefinition } from '../../definitions/metric.ts';
import type { Dialect, Model } from '../dialect.ts';
import type { MetricPlace } from './event-groups.ts';

/** What the models of one computation have in common. */
export interface DayPlan {
  readonly metrics: readonly MetricDefinition[];
  readonly places: readonly MetricPlace[];
  /** Segment attributes. */
  readonly attributes: readonly string[];
  /** Whether each question asks for all groups: else the totals of groups that were not asked are left out. */
  readonly asksAll: boolean;
  /**
   * Whether events are read out of their JSON before they meet units: better where an event meets several, because its unit is in several
   * experiments. Else only the events that meet one are read.
   */
  readonly readsFirst: boolean;
}

export function slotsOf({ places }: DayPlan): readonly number[] {
  return Array.from({ length: Math.max(...places.map(({ slot }) => slot)) + 1 }, (_, slot) => slot);
}

export function metricOf({ metrics }: DayPlan, index: number): MetricDefinition {
  const metric = metrics[index];
  if (metric === undefined) throw new RangeError(`there is no metric ${index}`);
  return metric;
}

/** The units of the days that are missing. */
export function dayUnits(dialect: Dialect, { attributes }: DayPlan): Model {
  const segments = attributes.map(
    (attribute, index) => `,\n  ${dialect.jsonText('exposure.segments', attribute)} AS segment_${index}`,
  );
  return {
    name: 'day_units',
    sql: `
-- One row per question and unit of a missing day: question, day_ms, as_of_ms, unit_id, unit_key (its exposure's place in the log, one
-- number, because numbers are compared faster than ids), variant, first_exposed_at, first_ms, segment_0, …
SELECT
  asked_day.question,
  asked_day.day_ms,
  asked_day.as_of_ms,
  exposure.unit_id,
  exposure.log_partition * ${2 ** 43} + exposure.log_offset AS unit_key,
  exposure.variant,
  exposure.first_exposed_at,
  ${dialect.epochMs('exposure.first_exposed_at')} AS first_ms${segments.join('')}
FROM unit_exposures AS exposure
INNER JOIN (
  SELECT DISTINCT question, experiment_key, epoch, day_ms, as_of_ms FROM missing_days
) AS asked_day
  ON asked_day.experiment_key = exposure.experiment_key
  AND asked_day.epoch = exposure.epoch
  AND asked_day.day_ms = ${dialect.dayMs('exposure.first_exposed_at')}`,
  };
}

export function isDistinct(metric: MetricDefinition | undefined): boolean {
  return metric?.type === 'count_distinct';
}
