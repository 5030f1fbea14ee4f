import type { MetricDefinition } from '../definitions/metric.ts';
import type { StatementParameter } from '../warehouse/port.ts';
import type { Model } from './dialect.ts';

/** What the marts need to know of a metric; where its outcomes come from is the sources' business. */
export type CountedMetric = Pick<
  MetricDefinition,
  'type' | 'windowMs' | 'covariateMs' | 'fromMs' | 'cap' | 'capPercentile' | 'givenStep' | 'quantile'
> & {
  /** Of a funnel: as many as follow its first step. */
  readonly steps?: readonly unknown[];
};

/**
 * Where exposures and outcomes come from. Only these steps differ between the platform's own events and a warehouse that was there before;
 * everything behind them is the same.
 */
export interface Sources {
  /** In order; the last one is `stg_exposures`: unit_id, variant, reason, occurred_at, segments, log_partition, log_offset. */
  readonly exposures: readonly Model[];
  /** In order; the last one is `int_unit_outcomes`: unit_id, occurred_at, value_0, value_1, …, of
   * quotients denominator_0, … too. They may refer to `int_first_exposures`. */
  readonly outcomes: readonly Model[];
  readonly parameters: Readonly<Record<string, StatementParameter>>;
}
