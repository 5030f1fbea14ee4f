/** A condition on an event's property. */
export interface PropertyFilter {
  readonly property: string;
  readonly operator: 'equals' | 'not_equals' | 'greater_than' | 'less_than';
  readonly value: string | number | boolean;
}

/** Which events are counted, and what is read of each: the number in `property`, or 1 where that is null. */
export interface MetricEvents {
  readonly event: string;
  readonly property: string | null;
  readonly where: readonly PropertyFilter[];
}

export type FunnelStep = Pick<MetricEvents, 'event' | 'where'>;

/**
 * A number per unit, over the unit's events from its first exposure until `windowMs` later:
 * - `proportion`: 1 where at least one event matches, else 0;
 * - `count`: how many events match;
 * - `sum`: the sum of a numeric property over the events that match;
 * - `retention`: 1 where at least one event matches between `fromMs` and the end of the window, else 0;
 * - `count_distinct`: how many values a property has (as text) in the events that match;
 * - `funnel`: 1 where the events that match are followed by those of each of the `steps` in their order, else 0.
 * Units without an event count as 0. Two are quotients of totals over all units, whose variance is clustered by unit (delta method):
 * - `ratio`: the total of the events that match, over that of the `denominator`'s;
 * - `mean`: the average of a numeric property over the events that match and have it;
 * - `quantile`: the value that a share of the events of all units stays at or below;
 * - `funnel` with `givenStep`: the units that reach its end, over those that reach this step.
 * Only units whose window has closed are read.
 */
export interface MetricDefinition {
  readonly kind: 'metric';
  readonly key: string;
  readonly owner: string;
  readonly description: string;
  readonly type:
    'proportion' | 'count' | 'sum' | 'retention' | 'count_distinct' | 'ratio' | 'mean' | 'funnel' | 'quantile';
  readonly event: string;
  /** The property that is read: required for `sum`, `mean`, `count_distinct` and `quantile`, possible for `ratio`, null for the other types. */
  readonly property: string | null;
  readonly where: readonly PropertyFilter[];
  /** Of a `funnel` only: the steps that follow the first, which is `event`. A step's event comes after the one of the step before. */
  readonly steps?: readonly FunnelStep[];
  /** Of a `funnel` only: the step, from 1, whose units the conversion is a share of; missing: of all units. */
  readonly givenStep?: number;
  /** Of a `quantile` only: the share, between 0 and 1, such as 0.9. */
  readonly quantile?: number;
  /** Of a `ratio` only. */
  readonly denominator?: MetricEvents;
  /** Of `retention` only: when its part of the window begins, in ms after the first exposure. */
  readonly fromMs?: number;
  /** Of `count` and `sum`: a unit's value above this counts as this (winsorizing), of the covariate as well. */
  readonly cap?: number;
  /**
   * Of `count` and `sum`, in place of `cap`: the cap is this percentile, above 50 and below 100, of the values of all units of all variants whose window
   * has closed, units without events included; of the covariate the same number.
   */
  readonly capPercentile?: number;
  /** Length of the window after a unit's first exposure, in ms. */
  readonly windowMs: number;
  /** Which direction is good. */
  readonly goodDirection: 'increase' | 'decrease';
  /**
   * The same metric over this many ms before the first exposure is the CUPED covariate; 0: no covariate. Of a `ratio` or a `mean` it is the
   * numerator's total.
   */
  readonly covariateMs: number;
  /** The unit of the value for readers, such as INR or deposits. */
  readonly valueUnit: string;
}

/** Whether the metric is a quotient of two totals, which no single number per unit tells. */
export function isQuotient({ type, givenStep }: Pick<MetricDefinition, 'type' | 'givenStep'>): boolean {
  return type === 'ratio' || type === 'mean' || (type === 'funnel' && givenStep !== undefined);
}

/** What a quotient is divided by; null for other types. */
export function denominatorOf(metric: MetricDefinition): MetricEvents | null {
  const { type, key, event, where, denominator } = metric;
  if (type === 'mean') return { event, property: null, where };
  if (type !== 'ratio') return null;
  if (denominator === undefined) throw new RangeError(`metric ${key} is a ratio and needs a denominator`);
  return denominator;
}

const ADDED_UP: ReadonlySet<MetricDefinition['type']> = new Set([
  'proportion',
  'count',
  'sum',
  'retention',
  'count_distinct',
  'ratio',
  'mean',
]);

/** Whether each unit's number depends on nothing but its own events, so that statistics add up over units that are read at different times. */
export function isAddedUp({ type, capPercentile }: Pick<MetricDefinition, 'type' | 'capPercentile'>): boolean {
  return ADDED_UP.has(type) && capPercentile === undefined;
}
