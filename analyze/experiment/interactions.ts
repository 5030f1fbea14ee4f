import { adjustedPValues } from '../../estimators/comparisons/adjusted-p-values.ts';
import type { Moments } from '../../estimators/moments.ts';
import { interaction } from '../../estimators/reading/interaction.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { Warning } from './check-columns.ts';
import { readEffect } from './compare.ts';
import { readMetricMoments, type MetricMoments } from './metric-moments.ts';
import type { CovariatesOf } from './metric-readings.ts';
import type { ExperimentRequest, OtherExperiment } from './request.ts';
import type { InteractionReading } from './context-readings.ts';
import type { MetricReading } from './result.ts';
import { otherArmColumn } from './units.ts';

/** Below this many units in one of the four cells their difference says nothing. */
const MINIMUM_UNITS = 30;

type RawInteraction = Omit<InteractionReading, 'adjustedPValue'>;

/** Whether arms of other experiments change the effects: of each metric, arm and other arm. p-values are corrected over all of them. */
export async function readInteractions(
  warehouse: Warehouse,
  request: ExperimentRequest,
  metrics: readonly MetricReading[],
  covariatesOf: CovariatesOf,
): Promise<{ readonly readings: readonly InteractionReading[]; readonly warnings: readonly Warning[] }> {
  const { otherExperiments = [], design } = request;
  if (otherExperiments.length > 0 && design.kind !== 'user')
    throw new AnalyzeError('--interaction is for units that are randomized by themselves, not for clusters or windows');
  const raw: RawInteraction[] = [];
  for (const [place, other] of otherExperiments.entries())
    for (const [metricIndex, metric] of request.metrics.entries()) {
      const { capAt = null, comparisons = [] } = metrics[metricIndex] ?? {};
      const covariates = await covariatesOf(metricIndex, capAt);
      const groupBy = otherArmColumn(place);
      const unstratified = withoutStrata(request);
      const groups = await readMetricMoments(warehouse, {
        request: unstratified,
        metric,
        metricIndex,
        capAt,
        covariates,
        groupBy,
      });
      const cells = new Map([...groups].flatMap(([label, moments]) => (label === null ? [] : [[label, moments]])));
      const control = controlOf(request, other, [...cells.keys()]);
      for (const otherArm of [...cells.keys()].filter((label) => label !== control))
        for (const { arm } of comparisons) {
          const cellOf = (label: string) => cellOfArm(cells.get(label), request.control, arm);
          const [withoutOther, withOther] = [cellOf(control), cellOf(otherArm)];
          if (withoutOther === null || withOther === null) continue;
          raw.push({
            experiment: other.column,
            otherArm,
            otherControl: control,
            metric: metric.expression,
            arm,
            ...readCells(withoutOther, withOther, request),
          });
        }
    }
  const adjusted = adjustedPValues(
    raw.map(({ pValue }) => pValue),
    request.correction,
  );
  const readings = raw.map((each, index) => ({ ...each, adjustedPValue: adjusted[index] ?? each.pValue }));
  return { readings, warnings: warningsOf(readings, request) };
}

/** The cells are compared as they are; strata within them would be too small. */
function withoutStrata({ postStratify: _, ...request }: ExperimentRequest): ExperimentRequest {
  return request;
}

function controlOf({ file, control }: ExperimentRequest, other: OtherExperiment, labels: readonly string[]): string {
  const wanted = other.control ?? control;
  if (labels.includes(wanted)) return wanted;
  const shown = labels
    .slice(0, 6)
    .map((label) => `"${label}"`)
    .join(', ');
  throw new AnalyzeError(
    `${file}, column "${other.column}" holds ${shown === '' ? 'no arm with two units' : shown}, but no "${wanted}"; say which is that experiment's control, as in --interaction ${other.column}=${labels[0] ?? 'control'}`,
  );
}

interface Cell {
  readonly control: Moments;
  readonly treatment: Moments;
}

function cellOfArm(moments: MetricMoments | undefined, label: string, arm: string): Cell | null {
  const [control, treatment] = [moments?.arms.get(label), moments?.arms.get(arm)];
  if (moments === undefined || control === undefined || treatment === undefined) return null;
  if (Math.min(control.count, treatment.count) < MINIMUM_UNITS || control.variance + treatment.variance === 0)
    return null;
  return moments.adjusted === null ? { control, treatment } : moments.adjusted(label, arm);
}

function readCells(withoutOther: Cell, withOther: Cell, request: ExperimentRequest) {
  const { effect, degreesOfFreedom, count } = interaction({ withoutOther, withOther });
  const read = readEffect(effect, { count, degreesOfFreedom }, request);
  return {
    units: count,
    effectWithout: withoutOther.treatment.mean - withoutOther.control.mean,
    effectWith: withOther.treatment.mean - withOther.control.mean,
    difference: {
      estimate: effect.estimate,
      lower: read.lower,
      upper: read.upper,
      standardError: effect.standardError,
    },
    pValue: read.pValue,
  };
}

function warningsOf(readings: readonly InteractionReading[], { alpha }: ExperimentRequest): Warning[] {
  return readings
    .filter(({ adjustedPValue }) => adjustedPValue <= alpha)
    .map(({ experiment, otherArm, metric, arm, effectWithout, effectWith, adjustedPValue }) => ({
      code: 'interaction',
      message:
        `${otherArm} of experiment ${experiment} changes what ${arm} does to ${metric}: ${effectWithout.toPrecision(3)} without it, ${effectWith.toPrecision(3)} with it ` +
        `(adjusted p = ${adjustedPValue.toPrecision(2)}); decide on both experiments together`,
    }));
}
