import type { ControlStore, ExperimentRecord } from '../control-store/port.ts';
import type { ExperimentDefinition } from '../definitions/experiment.ts';
import { isAddedUp, type MetricDefinition } from '../definitions/metric.ts';
import { computeScorecard, type Counts } from '../judge/compute-scorecard.ts';
import { createDailyStatistics, type DailyQuestion, type DailyStatistics } from '../judge/daily-statistics.ts';
import type { Row, Warehouse } from '../warehouse/port.ts';
import type { ScorecardRow, SegmentQuestion } from '../warehouse-sql/compose-scorecard.ts';
import { bigQuery, duckDb, type TypedStatement } from '../warehouse-sql/dialect.ts';
import { designedQuery } from '../warehouse-sql/designed-queries.ts';
import { maturityQuery, scorecardQuery, segmentSplitQuery, type Analysis } from '../warehouse-sql/scorecard-queries.ts';
import type { Judge, JudgeTogether } from './ports.ts';

export interface JudgeParts {
  readonly warehouse: Warehouse;
  readonly controlStore: Pick<ControlStore, 'getExperiment' | 'getDefinition'>;
  /** Ms since 1970 UTC. */
  readonly clock: () => number;
}

/** An experiment with all that its judgement needs to know, as of one time. */
interface Case {
  readonly definition: ExperimentDefinition;
  readonly record: ExperimentRecord;
  readonly metrics: ReadonlyMap<string, MetricDefinition>;
  readonly computedAtMs: number;
  readonly analysis: Analysis;
}

/** Rows that were counted for a question already. */
type Counted = ReadonlyMap<string, readonly ScorecardRow[]>;
const NOTHING_COUNTED: Counted = new Map();

/** Computes scorecards: sufficient statistics by SQL in the warehouse, everything else by pure functions. */
export function createJudge(parts: JudgeParts, daily = createDailyStatistics(parts)): Judge {
  return async (experimentKey) => await judgeCase(parts, daily, await openCase(parts, experimentKey), NOTHING_COUNTED);
}

/**
 * Judges many experiments as of one time: what all of them count is counted in one pass over the events, before the first of them is asked
 * for.
 */
export function createJudgeTogether(parts: JudgeParts, daily = createDailyStatistics(parts)): JudgeTogether {
  return async (experimentKeys) => {
    const cases = new Map<string, Case>();
    const failures = new Map<string, unknown>();
    for (const key of experimentKeys) {
      try {
        cases.set(key, await openCase(parts, key));
      } catch (error) {
        failures.set(key, error);
      }
    }
    const questions = [...cases.values()].flatMap(
      (each) => questionOf(each, each.analysis.asOfMs, bySegments(each)) ?? [],
    );
    const rows = await daily.count(questions);
    const counted = new Map(questions.map((question, index) => [nameOf(question), rows[index] ?? []]));
    return async (experimentKey) => {
      if (failures.has(experimentKey)) throw failures.get(experimentKey);
      const found = cases.get(experimentKey);
      if (found === undefined)
        throw new RangeError(`${experimentKey} is not among the experiments that are judged together`);
      return await judgeCase(parts, daily, found, counted);
    };
  };
}

async function openCase({ controlStore, clock }: JudgeParts, experimentKey: string): Promise<Case> {
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
  return { definition, record, metrics, computedAtMs, analysis };
}

async function judgeCase({ warehouse }: JudgeParts, daily: DailyStatistics, judged: Case, counted: Counted) {
  const { definition, metrics, analysis } = judged;
  const dialect = warehouse.dialectName === 'duckdb' ? duckDb : bigQuery;
  const labels = { purpose: 'scorecard', experiment: analysis.experimentKey };
  const query = <R extends Row>(statement: TypedStatement<R>): Promise<readonly R[]> =>
    warehouse.query<R>({ ...statement, labels });
  const counts: Counts = {
    scorecard: async (asOfMs, segments) => {
      const question = questionOf(judged, asOfMs, segments);
      if (question === null)
        return await query(scorecardQuery(dialect, { ...analysis, asOfMs }, [...metrics.values()], segments));
      const known = counted.get(nameOf(question));
      if (known !== undefined) return known;
      const [rows = []] = await daily.count([question]);
      return rows;
    },
    maturity: (question) => query(maturityQuery(dialect, analysis, question)),
    designed: ({ design, asOfMs }) =>
      query(designedQuery(dialect, { ...analysis, asOfMs }, design, [...metrics.values()])),
    segments: () => query(segmentSplitQuery(dialect, analysis, definition.segments)),
  };
  return await computeScorecard(judged, counts);
}

/** The primary metric is read within the segments, too. */
function bySegments({ definition, metrics }: Case): SegmentQuestion {
  return { attributes: definition.segments, metric: [...metrics.keys()].indexOf(definition.metrics.primary) };
}

/** What is counted from statistics by day; null where a metric or a design needs all units at once. */
function questionOf(
  { definition, analysis, metrics }: Case,
  asOfMs: number,
  segments: SegmentQuestion,
): DailyQuestion | null {
  const list = [...metrics.values()];
  if (definition.design !== undefined || !list.every(isAddedUp)) return null;
  return {
    ...analysis,
    asOfMs,
    metrics: list,
    segments: { attributes: segments.attributes, metrics: [segments.metric] },
  };
}

function nameOf({ experimentKey, epoch, asOfMs }: DailyQuestion): string {
  return `${experimentKey}/${epoch}/${asOfMs}`;
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
