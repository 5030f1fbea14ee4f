import { sampleRatio } from '../../estimators/sample-ratio.ts';
import type { Effect } from '../../estimators/effect.ts';
import { triggeredEffect } from '../../estimators/reading/triggered-effect.ts';
import { welch } from '../../estimators/welch.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { Warning } from './check-columns.ts';
import { readEffect } from './compare.ts';
import { readMetricMoments } from './metric-moments.ts';
import type { ExperimentRequest } from './request.ts';
import type { DilutionReading } from './context-readings.ts';
import type { AbsoluteEffect, MetricReading, SplitReading } from './result.ts';
import { TRIGGERED } from './units.ts';

/**
 * What the effect among triggered units is worth over all assigned ones. Not given where triggering differs between the arms: then the triggered units
 * of the arms are not alike. Metrics that are no mean per unit (ratios, quantiles) are left out; covariates are not used.
 */
export async function readDilution(
  warehouse: Warehouse,
  request: ExperimentRequest,
  metrics: readonly MetricReading[],
  split: SplitReading,
): Promise<{ readonly readings: readonly DilutionReading[]; readonly warnings: readonly Warning[] }> {
  const { triggered, design } = request;
  if (triggered === undefined) return { readings: [], warnings: [] };
  if (design.kind !== 'user')
    throw new AnalyzeError('--triggered is for units that are randomized by themselves, not for clusters or windows');
  const broken = await brokenTrigger(warehouse, triggered, split);
  if (broken !== null) return { readings: [], warnings: [broken] };
  const readings: DilutionReading[] = [];
  const warnings: Warning[] = [];
  for (const [metricIndex, metric] of request.metrics.entries()) {
    if (metric.type === 'ratio' || metric.type === 'quantile') continue;
    const capAt = metrics[metricIndex]?.capAt ?? null;
    const { postStratify: _, ...plain } = request;
    const reading = { request: plain, metric, metricIndex, capAt, covariates: [], groupBy: TRIGGERED };
    const groups = await readMetricMoments(warehouse, reading);
    for (const { arm } of metrics[metricIndex]?.comparisons ?? []) {
      const armOf = (label: string) => {
        const inside = groups.get('triggered')?.arms.get(label);
        return { inside, outside: groups.get('untriggered')?.arms.get(label) };
      };
      const [control, treatment] = [armOf(request.control), armOf(arm)];
      if (control.inside === undefined || treatment.inside === undefined) continue;
      if (control.inside.variance + treatment.inside.variance === 0) continue;
      const found = triggeredEffect(
        { triggered: control.inside, untriggeredCount: control.outside?.count ?? 0 },
        { triggered: treatment.inside, untriggeredCount: treatment.outside?.count ?? 0 },
      );
      const { degreesOfFreedom } = welch(control.inside, treatment.inside, request.alpha);
      const count = control.inside.count + treatment.inside.count;
      const read = (effect: Effect): AbsoluteEffect & { readonly pValue: number } => {
        const { lower, upper, pValue } = readEffect(effect, { count, degreesOfFreedom }, request);
        return { ...effect, lower, upper, pValue };
      };
      readings.push({
        metric: metric.expression,
        arm,
        triggeredRatio: found.triggeredRatio,
        triggeredUnits: count,
        amongTriggered: read(found.amongTriggered),
        overall: read(found.overall),
      });
      if (control.outside === undefined || treatment.outside === undefined) continue;
      if (control.outside.variance + treatment.outside.variance === 0) continue;
      const { pValue } = welch(control.outside, treatment.outside, request.alpha);
      if (pValue < SURPRISING) warnings.push(untriggeredDiffer(metric.expression, arm, pValue));
    }
  }
  return { readings, warnings };
}

/** As low as the threshold of the split: it must not alarm whoever looks often. */
const SURPRISING = 0.0005;

function untriggeredDiffer(metric: string, arm: string, pValue: number): Warning {
  return {
    code: 'untriggered-differ',
    message: `${metric}: units of ${arm} that did not trigger differ from control's (p = ${pValue.toExponential(1)}), though nothing can have reached them: the trigger misses units, and what it is worth over all assigned ones does not hold`,
  };
}

async function brokenTrigger(warehouse: Warehouse, column: string, split: SplitReading): Promise<Warning | null> {
  const rows = await warehouse.query<{ arm: string; triggered: number }>({
    sql: `SELECT arm, COUNT(*) FILTER (WHERE ${TRIGGERED} = 'triggered') AS triggered FROM units GROUP BY arm`,
    parameters: {},
  });
  const counts = split.arms.map(({ arm }) => rows.find((row) => row.arm === arm)?.triggered ?? 0);
  if (counts.reduce((sum, count) => sum + count, 0) === 0)
    throw new AnalyzeError(`column "${column}" is 1 for no unit, so nothing can be read of triggered units`);
  const { pValue } = sampleRatio(
    counts,
    split.arms.map(({ units }) => units),
  );
  if (pValue >= split.threshold) return null;
  const shown = split.arms.map(({ arm, units }, index) => `${arm} ${counts[index] ?? 0} of ${units}`).join(', ');
  return {
    code: 'trigger-mismatch',
    message: `units trigger ("${column}") more often in one arm than in another: ${shown}, p = ${pValue.toExponential(1)}. The arm changes who triggers, so triggered units are not alike and no diluted effect is shown`,
  };
}
