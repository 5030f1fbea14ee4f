import type { ControlStore } from '../control-store/port.ts';
import type { ExperimentDefinition } from '../definitions/experiment.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import { computeScorecard } from '../judge/compute-scorecard.ts';
import type { Row, Warehouse } from '../warehouse/port.ts';
import { bigQuery, duckDb, type TypedStatement } from '../warehouse-sql/dialect.ts';
import { designedQuery } from '../warehouse-sql/designed-queries.ts';
import { maturityQuery, scorecardQuery, segmentSplitQuery, type Analysis } from '../warehouse-sql/scorecard-queries.ts';
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
  return async (experimentKey) => {
    const labels = { purpose: 'scorecard', experiment: experimentKey };
    const query = <R extends Row>(statement: TypedStatement<R>): Promise<readonly R[]> =>
      warehouse.query<R>({ ...statement, labels });
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
    return await computeScorecard(
      { definition, record, metrics, computedAtMs },
      {
        scorecard: (asOfMs, segments) =>
          query(scorecardQuery(dialect, { ...analysis, asOfMs }, [...metrics.values()], segments)),
        maturity: (question) => query(maturityQuery(dialect, analysis, question)),
        designed: ({ design, asOfMs }) =>
          query(designedQuery(dialect, { ...analysis, asOfMs }, design, [...metrics.values()])),
        segments: () => query(segmentSplitQuery(dialect, analysis, definition.segments)),
      },
    );
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
