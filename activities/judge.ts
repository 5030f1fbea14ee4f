import type { ControlStore } from '../control-store/port.ts';
import type { ExperimentDefinition } from '../definitions/experiment.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import { buildScorecard, type MetricStatistics } from '../scorecard/build.ts';
import type { Row, Warehouse } from '../warehouse/port.ts';
import { bigQuery, duckDb, type Dialect, type TypedStatement } from '../warehouse-sql/dialect.ts';
import {
  leftOutQuery,
  segmentSplitQuery,
  splitQuery,
  statisticsQuery,
  type Analysis,
  type StatisticsRow,
} from '../warehouse-sql/scorecard-queries.ts';
import type { Judge } from './ports.ts';

export interface JudgeParts {
  readonly warehouse: Warehouse;
  readonly controlStore: Pick<ControlStore, 'getExperiment' | 'getDefinition'>;
  /** Ms since 1970 UTC. */
  readonly clock: () => number;
}

/** Computes scorecards: sufficient statistics by SQL in the warehouse, everything else by pure functions. */
export function createJudge({ warehouse, controlStore, clock }: JudgeParts): Judge {
  const dialect = warehouse.dialectName === 'duckdb' ? duckDb : bigQuery;
  const query = <R extends Row>(statement: TypedStatement<R>): Promise<readonly R[]> => warehouse.query<R>(statement);
  return async (experimentKey) => {
    const record = await controlStore.getExperiment(experimentKey);
    const { definition } = await controlStore.getDefinition('experiment', experimentKey, record.definitionVersion);
    const metrics = await metricsOf(controlStore, definition);
    const computedAtMs = clock();
    const analysis: Analysis = {
      experimentKey,
      epoch: record.epoch,
      asOfMs: computedAtMs,
      closedAtMs: record.analysisClosedAtMs ?? computedAtMs,
    };
    const [split, segments, [leftOut], statistics] = await Promise.all([
      query(splitQuery(dialect, analysis)),
      definition.segments.length === 0 ? [] : query(segmentSplitQuery(dialect, analysis, definition.segments)),
      query(leftOutQuery(dialect, analysis)),
      Promise.all([...metrics.values()].map((metric) => readStatistics(query, dialect, analysis, metric, definition))),
    ]);
    return buildScorecard({
      definition,
      record,
      metrics,
      computedAtMs,
      split,
      segments,
      statistics: statistics.flat(),
      leftOut: { crossedUnits: leftOut?.crossed_units ?? 0, notRandomExposures: leftOut?.not_random_exposures ?? 0 },
    });
  };
}

async function metricsOf(
  controlStore: JudgeParts['controlStore'],
  { metrics: { primary, secondary, guardrails } }: ExperimentDefinition,
): Promise<ReadonlyMap<string, MetricDefinition>> {
  const keys = new Set([primary, ...secondary, ...guardrails.map(({ metric }) => metric)]);
  const definitions = await Promise.all(
    [...keys].map(async (key) => (await controlStore.getDefinition('metric', key)).definition),
  );
  return new Map(definitions.map((definition) => [definition.key, definition]));
}

async function readStatistics(
  query: (statement: ReturnType<typeof statisticsQuery>) => Promise<readonly StatisticsRow[]>,
  dialect: Dialect,
  analysis: Analysis,
  metric: MetricDefinition,
  { unit }: ExperimentDefinition,
): Promise<MetricStatistics[]> {
  const rows = await query(statisticsQuery(dialect, analysis, metric, unit));
  return rows.map((row) => ({
    metricKey: metric.key,
    variant: row.variant,
    count: row.units,
    sumY: row.sum_y,
    sumYY: row.sum_yy,
    sumX: row.sum_x,
    sumXX: row.sum_xx,
    sumXY: row.sum_xy,
  }));
}
