import type { MetricDefinition } from './metric.ts';

/** Rows of a fact query, and what is read of each. */
export interface SourceRows {
  /** The key of the fact query. */
  readonly facts: string;
  /** The column that is read; null: the row itself counts. */
  readonly value: string | null;
  /** A boolean column, of which only true rows count; null: every row counts. */
  readonly where: string | null;
}

export type SourceStep = Pick<SourceRows, 'facts' | 'where'>;

/**
 * A number per unit, over the unit's rows of a fact query from its first exposure until `windowMs` later; see `MetricDefinition`, with rows for events:
 * - `sum`, `mean`, `quantile`: `value` is the numeric column;
 * - `ratio`: `value` is the numeric column of the numerator, null: its rows are counted; the `denominator` is the same of its own;
 * - `count_distinct`: `value` is the column whose values are counted, as text;
 * - `funnel`: its own rows are the first step's. Rows at one moment follow each other in the order of the fact queries.
 */
export interface SourceMetric
  extends
    SourceRows,
    Pick<
      MetricDefinition,
      | 'key'
      | 'type'
      | 'windowMs'
      | 'covariateMs'
      | 'goodDirection'
      | 'valueUnit'
      | 'fromMs'
      | 'cap'
      | 'capPercentile'
      | 'givenStep'
      | 'quantile'
    > {
  /** Of a `ratio` only. */
  readonly denominator?: SourceRows;
  /** Of a `funnel` only: the steps that follow the first. */
  readonly steps?: readonly SourceStep[];
}

/** What a metric reads of the rows of one fact query, into one column. */
export interface SourceRead extends SourceRows {
  readonly of: 'value' | 'denominator' | 'step';
  /** Place of the step. */
  readonly place: number;
  /** `one`: 1; `number`: the value, none where it is NULL; `number-or-zero`: 0 there; `one-per-number`: 1 where it is not NULL; `text`: the value as text. */
  readonly amount: 'one' | 'number' | 'number-or-zero' | 'one-per-number' | 'text';
  /** Where the document says it, inside of the metric. */
  readonly path: readonly PropertyKey[];
}

const AMOUNTS: Readonly<Record<MetricDefinition['type'], SourceRead['amount']>> = {
  proportion: 'one',
  count: 'one',
  retention: 'one',
  funnel: 'one',
  sum: 'number-or-zero',
  ratio: 'number-or-zero',
  mean: 'number',
  quantile: 'number',
  count_distinct: 'text',
};

/** Everything that a metric reads, its own rows first. */
export function readsOf(metric: SourceMetric): readonly SourceRead[] {
  const { type, facts, value, where, denominator, steps = [] } = metric;
  const read = (rows: SourceRows, rest: Pick<SourceRead, 'of' | 'place' | 'path' | 'amount'>): SourceRead => ({
    ...rest,
    facts: rows.facts,
    value: rows.value,
    where: rows.where,
    amount: rows.value === null ? 'one' : rest.amount,
  });
  const own = { facts, value, where };
  if (type === 'funnel')
    return [own, ...steps.map((step) => ({ ...step, value: null }))].map((rows, place) =>
      read(rows, { of: 'step', place, amount: 'one', path: place === 0 ? [] : ['steps', place - 1] }),
    );
  const first = read(own, { of: 'value', place: 0, amount: AMOUNTS[type], path: [] });
  if (type === 'mean') return [first, read(own, { of: 'denominator', place: 0, amount: 'one-per-number', path: [] })];
  if (denominator === undefined) return [first];
  return [first, read(denominator, { of: 'denominator', place: 0, amount: 'number-or-zero', path: ['denominator'] })];
}
