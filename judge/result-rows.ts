import type { JudgedExperiment } from '../scorecard/build.ts';
import type { MetricReadout, Scorecard } from '../scorecard/scorecard.ts';
import type { ResultRow } from '../warehouse-sql/results/write-rows.ts';

/** What the tables of results hold of one scorecard: see `warehouse-sql/results/result-tables.ts`. */
export interface ScorecardRows {
  readonly results: readonly ResultRow[];
  readonly decision: ResultRow;
}

/** Every metric, role and variant has its row: with its effect, or with the reason why there is none. */
export function scorecardRows(scorecard: Scorecard, definition: JudgedExperiment): ScorecardRows {
  const { metrics, variants, control } = definition;
  const roles: (readonly [string, MetricReadout['role']])[] = [
    [metrics.primary, 'primary'],
    ...metrics.secondary.map((key) => [key, 'secondary'] as const),
    ...metrics.guardrails.map(({ metric }) => [metric, 'guardrail'] as const),
  ];
  const treatments = variants.map(({ key }) => key).filter((key) => key !== control);
  return {
    results: roles.flatMap(([metric, role]) =>
      treatments.map((variant) => resultRow(scorecard, control, metric, role, variant)),
    ),
    decision: {
      ...judgedColumns(scorecard),
      summary: scorecard.summary,
      winning_variant: scorecard.winningVariant,
      exposed_units: scorecard.split?.counts.reduce((sum, { units }) => sum + units, 0) ?? 0,
      split_p_value: scorecard.split?.pValue ?? null,
      crossed_units: scorecard.leftOut.crossedUnits,
      not_random_exposures: scorecard.leftOut.notRandomExposures,
    },
  };
}

function judgedColumns({ experimentKey, epoch, computedAtMs, verdict }: Scorecard): ResultRow {
  const asOf = new Date(computedAtMs);
  return {
    experiment_key: experimentKey,
    epoch,
    as_of: asOf,
    as_of_date: asOf.toISOString().slice(0, 10),
    verdict,
  };
}

function resultRow(
  scorecard: Scorecard,
  control: string,
  metric: string,
  role: MetricReadout['role'],
  variant: string,
): ResultRow {
  const readout = scorecard.readouts.find(
    (each) => each.metricKey === metric && each.role === role && each.variant === variant,
  );
  return {
    ...judgedColumns(scorecard),
    metric_key: metric,
    role,
    variant,
    control_variant: control,
    is_valid: scorecard.verdict !== 'invalid',
    no_effect_reason: readout === undefined ? noEffectReason(scorecard, metric) : null,
    control_units: readout?.controlUnits ?? null,
    variant_units: readout?.variantUnits ?? null,
    control_mean: readout?.controlMean ?? null,
    variant_mean: readout?.variantMean ?? null,
    value_unit: readout?.valueUnit ?? null,
    absolute_effect: readout?.absolute.estimate ?? null,
    absolute_lower: readout?.absolute.lower ?? null,
    absolute_upper: readout?.absolute.upper ?? null,
    relative_effect: readout?.relative?.estimate ?? null,
    relative_lower: finite(readout?.relative?.lower),
    relative_upper: finite(readout?.relative?.upper),
    p_value: readout?.pValue ?? null,
    good_direction: readout?.goodDirection ?? null,
    variance_removed_ratio: readout?.varianceRemovedRatio ?? null,
    method: readout?.method ?? null,
  };
}

/** An interval without an end is NULL there: BI tools have no infinity. */
function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

function noEffectReason({ verdict, summary, gates }: Scorecard, metric: string): string {
  if (verdict === 'invalid') return summary;
  const gate = gates.find(({ metricKey, status }) => metricKey === metric && status !== 'passed');
  return gate?.reason ?? `${metric}: too few matured units yet`;
}
