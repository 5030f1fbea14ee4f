import { adjustedPValues } from '../estimators/comparisons/adjusted-p-values.ts';
import { differenceOfMeans } from '../estimators/effect.ts';
import { fiellerLift } from '../estimators/ratio-interval.ts';
import type { ProportionSequence } from '../estimators/stopping/proportion-sequence.ts';
import { statisticsOf, treatmentsOf } from './arms.ts';
import type { MetricStatistics, ScorecardInput } from './build.ts';
import { isTooSkewed } from './skewed-totals.ts';
import { compareArms, type Compared, type Comparison } from './compare-arms.ts';
import { endingOf } from './ending.ts';
import { sharedAlpha } from './guardrail.ts';
import type { Reading } from './looks.ts';
import { boundedLift, rareProportion, type RareProportionInput } from './rare-proportion.ts';
import type { MetricReadout } from './scorecard.ts';

/** Every metric for every variant that has enough matured units. */
export function readoutsOf(input: ScorecardInput): MetricReadout[] {
  const { primary, secondary, guardrails } = input.definition.metrics;
  const roles: (readonly [string, MetricReadout['role']])[] = [
    [primary, 'primary'],
    ...secondary.map((key) => [key, 'secondary'] as const),
    ...guardrails.map(({ metric }) => [metric, 'guardrail'] as const),
  ];
  return roles.flatMap(([key, role]) => readoutsOfMetric(input, key, role));
}

function readoutsOfMetric(input: ScorecardInput, key: string, role: MetricReadout['role']): MetricReadout[] {
  const { definition } = input;
  const metric = input.metrics.get(key);
  if (metric === undefined) throw new RangeError(`scorecard: the definition of metric ${key} is missing`);
  const { reading, statistics } = readingOf(input, role);
  if (reading.kind === 'waiting') return [];
  const treatments = treatmentsOf(definition);
  const alpha = levelOf(input, role, treatments.length);
  return treatments.flatMap((variant) => {
    const control = statisticsOf(statistics, key, definition.control);
    const treatment = statisticsOf(statistics, key, variant);
    if (control === null || treatment === null) return [];
    const { stopping } = definition;
    const compared = { definition, metric, role, variant, control, treatment, alpha, stopping, reading };
    const readout = readoutOf(compared);
    return readout === null ? [] : [readout];
  });
}

/** Guardrails are watched all the time, whatever the rule for the others is: harm does not wait for a look. */
function readingOf(
  { reading, statistics, statisticsAtLook }: ScorecardInput,
  role: MetricReadout['role'],
): { readonly reading: Reading; readonly statistics: readonly MetricStatistics[] } {
  if (role === 'guardrail') return { reading: { kind: 'any-time' }, statistics };
  if (reading.kind !== 'look') return { reading, statistics };
  if (statisticsAtLook === undefined) throw new RangeError('scorecard: the statistics of the look are missing');
  return { reading, statistics: statisticsAtLook };
}

/** Comparisons that decide together share the error level; secondary metrics decide nothing. */
function levelOf({ definition }: ScorecardInput, role: MetricReadout['role'], treatments: number): number {
  const { alpha } = definition.stopping;
  if (role === 'secondary') return alpha;
  return sharedAlpha(alpha, treatments * (role === 'primary' ? 1 : definition.metrics.guardrails.length));
}

interface ReadoutInput extends Comparison, RareProportionInput {
  readonly role: MetricReadout['role'];
}

/** Null where there are too few units for an interval, or no value varies. */
function readoutOf(input: ReadoutInput): MetricReadout | null {
  const { metric, role, variant, control, treatment, alpha } = input;
  if (input.reading.kind === 'any-time' && isTooSkewed(metric, control, treatment)) return null;
  const compared = compareArms(input);
  if (compared === null) return null;
  const { arms, absolute, pValue, criticalValue } = compared;
  const readout: MetricReadout = {
    metricKey: metric.key,
    role,
    goodDirection: metric.goodDirection,
    valueUnit: metric.valueUnit,
    variant,
    controlMean: arms.control.mean,
    variantMean: arms.variant.mean,
    controlUnits: control.count,
    variantUnits: treatment.count,
    absolute,
    // A guardrail's interval is the one that its gate decides by.
    relative: role === 'guardrail' ? fiellerLift(arms.control, arms.variant, criticalValue) : compared.relative,
    pValue,
    adjustedPValue: null,
    method: `${metric.covariateMs > 0 ? 'CUPED, ' : ''}${compared.method} at ${(100 * (1 - alpha)).toFixed(1)} %`,
    varianceRemovedRatio: metric.covariateMs > 0 ? compared.varianceRemovedRatio : null,
    ...(role === 'primary' ? ending(input, arms) : {}),
  };
  const rare = input.reading.kind === 'any-time' ? rareProportion(input) : null;
  return rare === null ? readout : { ...readout, ...exactly(rare, input) };
}

/** Of the units as they are, without a covariate. */
function exactly(rare: ProportionSequence, { control, treatment, alpha }: ReadoutInput): Partial<MetricReadout> {
  return {
    controlMean: control.sumY / control.count,
    variantMean: treatment.sumY / treatment.count,
    absolute: rare.absolute,
    relative: boundedLift(rare),
    pValue: rare.pValue,
    method: `exact confidence sequence of a rare outcome at ${(100 * (1 - alpha)).toFixed(1)} %`,
    varianceRemovedRatio: null,
  };
}

function ending({ metric, ...rule }: ReadoutInput, { control, variant }: Compared['arms']) {
  return endingOf({
    ...rule,
    effect: differenceOfMeans(control, variant),
    controlMean: control.mean,
    count: control.count + variant.count,
    goodDirection: metric.goodDirection,
  });
}

/**
 * The correction for all secondary comparisons. The p-value of a confidence sequence is one over an e-value, and Benjamini–Hochberg on
 * those is e-BH (Wang & Ramdas, JRSS B 84 (2022)), which holds under any dependence and at any time.
 */
export function withAdjustedPValues(readouts: readonly MetricReadout[]): MetricReadout[] {
  const secondary = readouts.filter(({ role }) => role === 'secondary');
  const adjusted = adjustedPValues(
    secondary.map(({ pValue }) => pValue),
    'bh',
  );
  return readouts.map((readout) => {
    const place = secondary.indexOf(readout);
    return place < 0 ? readout : { ...readout, adjustedPValue: adjusted[place] ?? null };
  });
}
