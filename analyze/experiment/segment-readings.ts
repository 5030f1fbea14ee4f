import type { Warehouse } from '../../warehouse/port.ts';
import type { Warning } from './check-columns.ts';
import { adjustedPValues } from '../../estimators/comparisons/adjusted-p-values.ts';
import { readEstimates } from './metric-estimates.ts';
import type { CovariatesOf } from './metric-readings.ts';
import type { ExperimentRequest } from './request.ts';
import type { MetricReading, SegmentDifference, SegmentReading } from './result.ts';
import { differenceWarnings, segmentDifferences } from './segment-differences.ts';
import { selectedInterval, forSelected } from './selected-intervals.ts';
import { segmentColumn } from './units.ts';

/** Below this many units in an arm a segment's interval is not to be trusted. */
const MINIMUM_UNITS = 30;

export interface Segments {
  readonly readings: readonly SegmentReading[];
  readonly differences: readonly SegmentDifference[];
  readonly warnings: readonly Warning[];
}

/** Each metric within each value of the segment columns, corrected over all of them. */
export async function readSegments(
  warehouse: Warehouse,
  request: ExperimentRequest,
  metrics: readonly MetricReading[],
  covariatesOf: CovariatesOf,
): Promise<Segments> {
  const raw: Omit<SegmentReading, 'adjustedPValue' | 'selected' | 'isHarmed'>[] = [];
  const small: string[] = [];
  for (const [place, segment] of request.segments.entries())
    for (const [index, metric] of request.metrics.entries()) {
      const capAt = metrics[index]?.capAt ?? null;
      const groups = await readEstimates(warehouse, {
        request,
        metric,
        metricIndex: index,
        capAt,
        covariates: await covariatesOf(index, capAt),
        groupBy: segmentColumn(place),
      });
      for (const [value, estimates] of groups)
        for (const { arm } of metrics[index]?.comparisons ?? []) {
          const [control, treatment] = [estimates.arms.get(request.control), estimates.arms.get(arm)];
          const isReadable =
            control !== undefined &&
            treatment !== undefined &&
            Math.min(control.units, treatment.units) >= MINIMUM_UNITS &&
            estimates.whyNot(arm) === null;
          if (!isReadable) {
            if (index === 0) small.push(`${segment} = ${value ?? ''} (${arm})`);
            continue;
          }
          const { absolute, relative, pValue } = estimates.compare(arm);
          raw.push({
            segment,
            value: value ?? '',
            metric: metric.expression,
            arm,
            units: { control: control.units, arm: treatment.units },
            means: { control: control.mean, arm: treatment.mean },
            absolute,
            relative,
            pValue,
          });
        }
    }
  const judged = judge(raw, request);
  const readings = await withSelectedIntervals(warehouse, judged, request, metrics, covariatesOf);
  const differences = segmentDifferences(readings, request);
  const warnings = [...harmWarnings(readings), ...differenceWarnings(differences, request), ...smallWarnings(small)];
  return { readings, differences, warnings };
}

function judge(
  raw: readonly Omit<SegmentReading, 'adjustedPValue' | 'selected' | 'isHarmed'>[],
  request: ExperimentRequest,
): SegmentReading[] {
  const adjusted = adjustedPValues(
    raw.map(({ pValue }) => pValue),
    request.correction,
  );
  return raw.map((reading, index) => {
    const adjustedPValue = adjusted[index] ?? reading.pValue;
    const good = request.metrics.find(({ expression }) => expression === reading.metric)?.goodDirection ?? 'increase';
    const isBad = good === 'increase' ? reading.absolute.estimate < 0 : reading.absolute.estimate > 0;
    return { ...reading, adjustedPValue, selected: null, isHarmed: isBad && adjustedPValue <= request.alpha };
  });
}

/** Out of many segments only those are looked at in which something was found: their intervals are made for that. */
async function withSelectedIntervals(
  warehouse: Warehouse,
  readings: readonly SegmentReading[],
  request: ExperimentRequest,
  metrics: readonly MetricReading[],
  covariatesOf: CovariatesOf,
): Promise<SegmentReading[]> {
  const isFound = ({ adjustedPValue }: SegmentReading): boolean => adjustedPValue <= request.alpha;
  const selectedCount = readings.filter(isFound).length;
  const asked = forSelected(request, { familySize: readings.length, selectedCount });
  if (asked === null) return [...readings];
  const found: SegmentReading[] = [];
  for (const reading of readings) {
    const index = request.metrics.findIndex(({ expression }) => expression === reading.metric);
    const metric = request.metrics[index];
    if (!isFound(reading) || metric === undefined) {
      found.push(reading);
      continue;
    }
    const capAt = metrics[index]?.capAt ?? null;
    const groups = await readEstimates(warehouse, {
      request: asked,
      metric,
      metricIndex: index,
      capAt,
      covariates: await covariatesOf(index, capAt),
      groupBy: segmentColumn(request.segments.indexOf(reading.segment)),
    });
    const estimates = groups.get(reading.value);
    const selected = estimates === undefined ? null : selectedInterval(estimates, reading.arm, asked.alpha);
    found.push({ ...reading, selected });
  }
  return found;
}

function harmWarnings(readings: readonly SegmentReading[]): Warning[] {
  return readings
    .filter(({ isHarmed }) => isHarmed)
    .map(({ segment, value, arm, metric, adjustedPValue }) => ({
      code: 'harmed-segment',
      message: `${arm} harms ${metric} where ${segment} is ${value} (adjusted p = ${adjustedPValue.toPrecision(2)})`,
    }));
}

function smallWarnings(small: readonly string[]): Warning[] {
  if (small.length === 0) return [];
  const shown = small.slice(0, 3).join(', ');
  const message = `${small.length} segments have fewer than ${MINIMUM_UNITS} units in an arm, or nothing that varies, and are not read: ${shown}`;
  return [{ code: 'small-segments', message }];
}
