import { createHash } from 'node:crypto';
import { isAddedUp, type MetricDefinition } from '../definitions/metric.ts';
import type { Row, Statement, Warehouse } from '../warehouse/port.ts';
import { bigQuery, duckDb, type TypedStatement } from '../warehouse-sql/dialect.ts';
import type { ScorecardRow } from '../warehouse-sql/compose-scorecard.ts';
import type { AskedStatistic } from '../warehouse-sql/daily/asked.ts';
import { keepDailyStatistics, keptStatisticsQuery, missingDaysQuery } from '../warehouse-sql/daily/daily-queries.ts';
import { keptSplitQuery } from '../warehouse-sql/daily/kept-split.ts';
import { createDailyTables, TAKE_TURN } from '../warehouse-sql/daily/tables.ts';
import { keptRows } from './kept-rows.ts';
import { takeNewEvents, type DailyWarehouse } from './take-new-events.ts';

/** What a scorecard counts of one epoch at one time. */
export interface DailyQuestion {
  readonly experimentKey: string;
  readonly epoch: number;
  /** What the experiment randomizes, such as `user`. */
  readonly unitType: string;
  /** Later exposures, and windows that were still open then, do not count. Ms since 1970 UTC. */
  readonly asOfMs: number;
  /** All of them added up over units; see `isAddedUp`. */
  readonly metrics: readonly MetricDefinition[];
  readonly segments: SegmentsOfMetrics;
}

/** Segment attributes, and the places of the metrics that are read by them. */
export interface SegmentsOfMetrics {
  readonly attributes: readonly string[];
  readonly metrics: readonly number[];
}

/** Statistics that are kept by day: what was computed once is not computed again unless its events changed. */
export interface DailyStatistics {
  /**
   * What `scorecardQuery` would count for each question, in one pass over the new events for all of them, in the order of the questions. Epochs
   * may occur once.
   *
   * @throws RangeError for a metric that cannot be added up over days, or an epoch that occurs twice
   */
  count(questions: readonly DailyQuestion[]): Promise<readonly (readonly ScorecardRow[])[]>;
}

/** Raised whenever the meaning of kept rows changes, so that older ones are not read. */
const VERSION = 1;

export interface DailyStatisticsParts {
  readonly warehouse: Pick<Warehouse, 'dialectName' | 'query' | 'execute'>;
  /** Ms since 1970 UTC. */
  readonly clock: () => number;
}

export function createDailyStatistics({ warehouse, clock }: DailyStatisticsParts): DailyStatistics {
  const dialect = warehouse.dialectName === 'duckdb' ? duckDb : bigQuery;
  const labelled = <S extends Statement>(statement: S): S => ({
    ...statement,
    labels: { purpose: 'daily_statistics' },
  });
  const labelledWarehouse: DailyWarehouse = {
    dialect,
    query: <R extends Row>(statement: TypedStatement<R>) => warehouse.query<R>(labelled(statement)),
    change: (statements, before = []) =>
      warehouse.execute([...before, { sql: TAKE_TURN, parameters: {} }, ...statements].map((each) => labelled(each))),
  };
  let areTablesMade = false;
  const makeTables = async (): Promise<void> => {
    if (areTablesMade) return;
    await warehouse.execute(createDailyTables(dialect).map((sql) => labelled({ sql, parameters: {} })));
    areTablesMade = true;
  };
  /** Two computations at once would compute the same days. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work, work);
    last = done.catch(() => undefined);
    return done;
  };

  return {
    async count(questions) {
      if (questions.length === 0) return [];
      assertAnswerable(questions);
      return await inTurn(async () => {
        await makeTables();
        await takeNewEvents(labelledWarehouse, clock());
        const answers = new Map<DailyQuestion, readonly ScorecardRow[]>();
        for (const unitType of new Set(questions.map((question) => question.unitType))) {
          const together = questions.filter((question) => question.unitType === unitType);
          const rows = await answer(labelledWarehouse, unitType, together);
          together.forEach((question, index) => answers.set(question, rows[index] ?? []));
        }
        return questions.map((question) => answers.get(question) ?? []);
      });
    },
  };
}

function assertAnswerable(questions: readonly DailyQuestion[]): void {
  const seen = new Set<string>();
  for (const { experimentKey, epoch, metrics } of questions) {
    const other = metrics.find((metric) => !isAddedUp(metric));
    if (other !== undefined)
      throw new RangeError(`statistics by day: metric ${other.key} is a ${other.type}, which needs all units at once`);
    if (metrics.length === 0) throw new RangeError(`statistics by day: ${experimentKey} asks for no metric`);
    const name = `${experimentKey}, epoch ${epoch}`;
    if (seen.has(name)) throw new RangeError(`statistics by day: ${name} is asked twice at once`);
    seen.add(name);
  }
}

/** Questions about one type of unit. */
async function answer(
  warehouse: DailyWarehouse,
  unitType: string,
  questions: readonly DailyQuestion[],
): Promise<readonly (readonly ScorecardRow[])[]> {
  const { dialect } = warehouse;
  const metrics = new Map<string, MetricDefinition>();
  for (const metric of questions.flatMap((question) => question.metrics))
    metrics.set(digestOf(metric, unitType), metric);
  const asked = questions.flatMap((question, index) => askedBy(question, index, [...metrics.keys()]));
  await computeMissing(warehouse, unitType, [...metrics.values()], asked);
  const kept = await warehouse.query(keptStatisticsQuery(dialect, asked));
  const split = await warehouse.query(keptSplitQuery(dialect, onePerQuestion(asked)));
  return keptRows(questions, asked, kept, split);
}

function onePerQuestion(asked: readonly AskedStatistic[]): AskedStatistic[] {
  return [...new Map(asked.map((each) => [each.question, each])).values()];
}

/** Computes what is missing, of the metrics that lack anything, and keeps it. */
async function computeMissing(
  warehouse: DailyWarehouse,
  unitType: string,
  all: readonly MetricDefinition[],
  asked: readonly AskedStatistic[],
): Promise<void> {
  const missing = await warehouse.query(missingDaysQuery(warehouse.dialect, asked));
  if (missing.length === 0) return;
  const lacking = missing.map(({ metric }) => metric);
  await warehouse.change(
    keepDailyStatistics(warehouse.dialect, {
      asked: asked
        .filter(({ metric }) => lacking.includes(metric))
        .map((each) => ({ ...each, metric: lacking.indexOf(each.metric) })),
      metrics: lacking.flatMap((index) => all[index] ?? []),
      unitType,
      fromMs: Math.min(...missing.map(({ from_ms: from }) => from)),
      untilMs: Math.max(...missing.map(({ until_ms: until }) => until)),
    }),
  );
}

function askedBy(question: DailyQuestion, index: number, digests: readonly string[]): AskedStatistic[] {
  const { experimentKey, epoch, asOfMs, segments, metrics, unitType } = question;
  return metrics.flatMap((metric, place) => {
    const statistic = digestOf(metric, unitType);
    const whole: AskedStatistic = {
      question: index,
      experimentKey,
      epoch,
      metric: digests.indexOf(statistic),
      metricKey: metric.key,
      statistic,
      attribute: '',
      windowMs: metric.windowMs,
      covariateMs: metric.covariateMs,
      asOfMs,
    };
    const attributes = segments.metrics.includes(place) ? segments.attributes : [];
    return [whole, ...attributes.map((attribute) => ({ ...whole, attribute }))];
  });
}

/** The same for metrics that count the same, whatever else their documents say. */
function digestOf(metric: MetricDefinition, unitType: string): string {
  const { key, type, event, property, where, denominator, fromMs, cap, windowMs, covariateMs } = metric;
  const counted = {
    VERSION,
    unitType,
    key,
    type,
    event,
    property,
    where,
    denominator,
    fromMs,
    cap,
    windowMs,
    covariateMs,
  };
  return createHash('sha256').update(JSON.stringify(counted)).digest('hex').slice(0, 32);
}
