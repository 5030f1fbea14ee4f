import type { ControlStore } from '../control-store/port.ts';
import type { ExperimentDefinition } from '../definitions/experiment.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import { buildScorecard, type MetricStatistics, type ScorecardInput } from '../scorecard/build.ts';
import { readSplit } from '../scorecard/split.ts';
import type { Row, Warehouse } from '../warehouse/port.ts';
import { bigQuery, duckDb, type TypedStatement } from '../warehouse-sql/dialect.ts';
import {
  scorecardQuery,
  segmentSplitQuery,
  type Analysis,
  type ScorecardRow,
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
      unitType: definition.unit,
      asOfMs: Math.min(computedAtMs, record.analysisClosedAtMs ?? computedAtMs),
    };
    const counted = readCounts(await query(scorecardQuery(dialect, analysis, [...metrics.values()])), [
      ...metrics.keys(),
    ]);
    const isMismatch = readSplit(definition, counted.split, []).isMismatch;
    const segments =
      isMismatch && definition.segments.length > 0
        ? await query(segmentSplitQuery(dialect, analysis, definition.segments))
        : [];
    return buildScorecard({ definition, record, metrics, computedAtMs, ...counted, segments });
  };
}

type Counted = Pick<ScorecardInput, 'split' | 'statistics' | 'leftOut'>;

function readCounts(rows: readonly ScorecardRow[], metricKeys: readonly string[]): Counted {
  const unitsOf = (part: ScorecardRow['part']): number => rows.find((row) => row.part === part)?.units ?? 0;
  return {
    split: rows.filter(({ part }) => part === 'exposed').map(({ variant, units }) => ({ variant, units })),
    statistics: rows.filter(({ part }) => part === 'matured').map((row) => statisticsOf(row, metricKeys)),
    leftOut: { crossedUnits: unitsOf('crossed'), notRandomExposures: unitsOf('not_random') },
  };
}

function statisticsOf(row: ScorecardRow, metricKeys: readonly string[]): MetricStatistics {
  const metricKey = metricKeys[row.metric];
  if (metricKey === undefined)
    throw new RangeError(`the warehouse answered for metric ${row.metric}, which was not asked`);
  return {
    metricKey,
    variant: row.variant,
    count: row.units,
    sumY: row.sum_y,
    sumYY: row.sum_yy,
    sumX: row.sum_x,
    sumXX: row.sum_xx,
    sumXY: row.sum_xy,
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
