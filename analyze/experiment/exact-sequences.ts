import type { Trials } from '../../estimators/stopping/bernoulli-mixture.ts';
import { isRare, rarerOutcomeSequence } from '../../estimators/stopping/rarer-outcome.ts';
import { quantileDifferenceSequence } from '../../estimators/stopping/quantile-sequence.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { readQuantileValues, type QuantileValues } from './exact-quantiles.ts';
import type { MetricEstimates, RawComparison } from './metric-estimates.ts';
import type { Reading } from './metric-relation.ts';
import type { ExperimentRequest } from './request.ts';
import type { ArmReading, Bounds } from './result.ts';

/** Units of both arms at which sequences are narrowest, as of the asymptotic one. */
const DEFAULT_TUNED_FOR = 10_000;

/**
 * Replaces always-valid readings by those that are exact in finite samples: of a proportion with a rare outcome, and where the request asks for them of every
 * proportion, and of quantiles of units with one row each. They take no covariates.
 */
export async function withExactSequences(
  warehouse: Warehouse,
  reading: Reading,
  groups: ReadonlyMap<string | null, MetricEstimates>,
): Promise<ReadonlyMap<string | null, MetricEstimates>> {
  const { request, metric } = reading;
  const { sequences = 'auto', stopping, design } = request;
  if (sequences === 'asymptotic' || stopping.rule !== 'always-valid' || design.kind !== 'user') return groups;
  if (metric.type === 'proportion')
    return new Map(
      [...groups].map(([group, each]) => [group, { ...each, compare: (arm) => exactProportion(each, arm, request) }]),
    );
  if (metric.type !== 'quantile' || sequences !== 'exact') return groups;
  const values = await readQuantileValues(warehouse, reading, tuningOf(request));
  return new Map(
    [...groups].map(([group, estimates]) => {
      const read = (arm: string) => differenceOf(arm, values, group, reading);
      const tooFew = (arm: string): string | null =>
        Number.isFinite(read(arm).upper - read(arm).lower)
          ? null
          : `arm "${arm}" or "${request.control}" has too few rows for an exact interval yet`;
      const whyNot = (arm: string): string | null => estimates.whyNot(arm) ?? tooFew(arm);
      const compare = (arm: string): RawComparison => {
        const asymptotic = estimates.compare(arm);
        const why = tooFew(arm);
        if (why !== null) throw new AnalyzeError(`metric ${metric.expression}: ${why}`);
        const { pValue, ...absolute } = read(arm);
        return exact(asymptotic, { absolute, relative: null, pValue });
      };
      return [group, { ...estimates, whyNot, compare }];
    }),
  );
}

/** Tuned for the values of one arm. */
function tuningOf({ alpha, stopping }: ExperimentRequest): { readonly alpha: number; readonly tunedForCount: number } {
  return { alpha, tunedForCount: tunedFor(stopping) / 2 };
}

function tunedFor(stopping: ExperimentRequest['stopping']): number {
  return stopping.rule === 'always-valid' ? (stopping.tunedForCount ?? DEFAULT_TUNED_FOR) : DEFAULT_TUNED_FOR;
}

function exactProportion(estimates: MetricEstimates, arm: string, request: ExperimentRequest): RawComparison {
  const asymptotic = estimates.compare(arm);
  const [control, treatment] = [estimates.arms.get(request.control), estimates.arms.get(arm)];
  if (control === undefined || treatment === undefined) throw new RangeError(`arm ${arm} has no units`);
  const [ofControl, ofArm] = [trialsOf(control), trialsOf(treatment)];
  const { sequences = 'auto', alpha, weights } = request;
  if (sequences === 'auto' && !isRare(ofControl, ofArm)) return asymptotic;
  const [ours, theirs] = [weights?.[arm] ?? 1, weights?.[request.control] ?? 1];
  const { absolute, relative, pValue } = rarerOutcomeSequence(ofControl, ofArm, {
    alpha,
    treatmentShare: ours / (ours + theirs),
    tunedForCount: tunedFor(request.stopping),
  });
  return exact(asymptotic, { absolute, relative: Number.isFinite(relative.upper) ? relative : null, pValue });
}

function trialsOf({ units, mean }: ArmReading): Trials {
  return { trials: units, successes: Math.round(units * mean) };
}

function differenceOf(arm: string, values: QuantileValues, group: string | null, { request, metric }: Reading) {
  if (metric.type !== 'quantile') throw new RangeError(`${metric.expression} is no quantile`);
  const tuning = { ...tuningOf(request), quantile: metric.quantile };
  return quantileDifferenceSequence(values(request.control, group), values(arm, group), tuning);
}

function exact(
  asymptotic: RawComparison,
  read: { readonly absolute: Bounds; readonly relative: Bounds | null; readonly pValue: number },
): RawComparison {
  const { standardError } = asymptotic.unadjusted ?? asymptotic.absolute;
  return {
    ...asymptotic,
    ...read,
    absolute: { ...read.absolute, standardError },
    unadjusted: null,
    varianceRemovedRatio: null,
    isExact: true,
  };
}
