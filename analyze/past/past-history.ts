import type { MetricDefinition } from '../../definitions/metric.ts';
import { linearizedSums } from '../../estimators/metrics/ratio-sums.ts';
import { momentsFromSums } from '../../estimators/moments.ts';
import type { CovariateSums } from '../../estimators/cuped.ts';
import type { Baseline } from '../../estimators/planning/plan.ts';
import type { ScorecardRow } from '../../warehouse-sql/compose-scorecard.ts';
import type { PastUnits } from '../../warehouse-sql/past-queries.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { arrivalsOf, type Arrivals } from '../plan/arrivals.ts';
import type { PastMetricKind, PastSource } from './past-source.ts';
import { warningsOf, iso, noUnits, pastOf, type PastRequest } from './past-time.ts';

/** What units of the past were like, and how they came. */
export interface PastHistory {
  readonly baseline: Baseline;
  readonly varianceRemovedRatio: number;
  /** Units whose window closed. */
  readonly unitCount: number;
  readonly arrivals: Arrivals;
  /** ISO 8601. */
  readonly from: string;
  readonly until: string;
  /** Sentences. */
  readonly warnings: readonly string[];
}

const DAY_MS = 86_400_000;
const RATES: ReadonlySet<MetricDefinition['type']> = new Set(['proportion', 'retention', 'funnel']);

/**
 * Reads what a plan has to know of a metric, as sufficient statistics: no unit's row leaves the warehouse.
 *
 * @throws AnalyzeError where no unit is left, or nothing varies
 */
export async function readPastHistory(source: PastSource, request: PastRequest): Promise<PastHistory> {
  const [metric, ...others] = source.metrics;
  if (metric === undefined || others.length > 0) throw new RangeError('the past is read for one metric at a time');
  const past = await pastOf(source, request);
  const rows = await source.statistics(past);
  if (!rows.some(({ part }) => part === 'exposed')) throw new AnalyzeError(noUnits(request, past));
  const row = rows.find(({ part }) => part === 'matured');
  const sums = row === undefined ? null : readableSums(row);
  if (sums === null || sums.count < 2)
    throw new AnalyzeError(
      `metric ${metric.key}: fewer than 2 ${request.unitType}s have a value and a window of ${metric.windowMs / 3_600_000} hours that closed until ${iso(past.untilMs)}; begin earlier with --since`,
    );
  if (!Number.isFinite(sums.sumY) || !Number.isFinite(sums.sumYY))
    throw new AnalyzeError(`metric ${metric.key}: it adds up to no finite number; leave NaN and infinities out`);
  const { mean, variance } = momentsFromSums({ count: sums.count, sum: sums.sumY, sumOfSquares: sums.sumYY });
  if (!(variance > 0)) throw new AnalyzeError(`metric ${metric.key}: every unit has ${mean}; nothing varies`);
  const isRate = RATES.has(metric.type) && metric.givenStep === undefined;
  return {
    baseline: isRate
      ? { kind: 'proportion', rate: mean }
      : { kind: 'mean', mean, standardDeviation: Math.sqrt(variance) },
    varianceRemovedRatio: metric.covariateMs > 0 ? squaredCorrelation(sums) : 0,
    unitCount: sums.count,
    arrivals: await readArrivals(source, past, metric),
    from: iso(past.fromMs),
    until: iso(past.untilMs),
    warnings: warningsOf(source, past),
  };
}

function readableSums(row: ScorecardRow): CovariateSums | null {
  const { sum_d: sumD, sum_dd: sumDD, sum_yd: sumYD, sum_xd: sumXD } = row;
  const sums = {
    count: row.units,
    sumY: row.sum_y,
    sumYY: row.sum_yy,
    sumX: row.sum_x,
    sumXX: row.sum_xx,
    sumXY: row.sum_xy,
  };
  if (sumD === null || sumDD === null || sumYD === null || sumXD === null) return sums;
  return linearizedSums({ ...sums, sumD, sumDD, sumYD, sumXD });
}

/** What CUPED with one covariate removes. */
function squaredCorrelation({ count, sumY, sumYY, sumX, sumXX, sumXY }: CovariateSums): number {
  const xx = sumXX - (sumX * sumX) / count;
  const yy = sumYY - (sumY * sumY) / count;
  const xy = sumXY - (sumX * sumY) / count;
  return xx > 0 && yy > 0 ? Math.min(1 - Number.EPSILON, (xy * xy) / (xx * yy)) : 0;
}

async function readArrivals(source: PastSource, past: PastUnits, metric: PastMetricKind): Promise<Arrivals> {
  const rows = await source.arrivals(past);
  const firstDay = Math.floor(past.fromMs / DAY_MS);
  const newUnits = new Array<number>(Math.ceil(past.untilMs / DAY_MS) - firstDay).fill(0);
  for (const { day_ms: dayMs, units } of rows) newUnits[Math.floor(dayMs / DAY_MS) - firstDay] = units;
  return arrivalsOf(newUnits, metric.windowMs / DAY_MS);
}
