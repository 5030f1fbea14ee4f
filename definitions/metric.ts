/** A condition on an event's property. */
export interface PropertyFilter {
  readonly property: string;
  readonly operator: 'equals' | 'not_equals' | 'greater_than' | 'less_than';
  readonly value: string | number | boolean;
}

/**
 * A number per unit, over the unit's events from its first exposure until `windowMs` later:
 * - `proportion`: 1 where at least one event matches, else 0;
 * - `count`: how many events match;
 * - `sum`: the sum of a numeric property over the events that match.
 * Units without an event count as 0. Only units whose window has closed are read.
 */
export interface MetricDefinition {
  readonly kind: 'metric';
  readonly key: string;
  readonly owner: string;
  readonly description: string;
  readonly type: 'proportion' | 'count' | 'sum';
  readonly event: string;
  /** The numeric property that `sum` adds up; null for the other types. */
  readonly property: string | null;
  readonly where: readonly PropertyFilter[];
  /** Length of the window after a unit's first exposure, in ms. */
  readonly windowMs: number;
  /** Which direction is good. */
  readonly goodDirection: 'increase' | 'decrease';
  /** The same metric over this many ms before the first exposure is the CUPED covariate; 0: no covariate. */
  readonly covariateMs: number;
  /** The unit of the value for readers, such as INR or deposits. */
  readonly valueUnit: string;
}
