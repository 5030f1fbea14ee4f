import type { SourceMetric } from '../../definitions/source-metric.ts';
import type { AssignmentQuery, FactQuery } from '../../definitions/warehouse-source.ts';
import type { StatementParameter } from '../../warehouse/port.ts';
import type { ColumnKind } from '../../warehouse/read-only/port.ts';
import type { Dialect, Model } from '../dialect.ts';

/** A foreign query whose columns are known. */
export interface KnownQuery<Query extends AssignmentQuery | FactQuery> {
  readonly query: Query;
  /** Its SQL as it may stand inside of parentheses. */
  readonly sql: string;
  /** The kind of each declared column, by its name in lower case. */
  readonly kinds: ReadonlyMap<string, ColumnKind>;
}
export type KnownAssignments = KnownQuery<AssignmentQuery>;
export type KnownFacts = KnownQuery<FactQuery>;

/** What is read of a foreign warehouse for one experiment at one time. */
export interface ExistingAnalysis {
  /** How the experiment column names it. */
  readonly assignedAs: string;
  readonly fromMs: number;
  /** See `Analysis.asOfMs`. */
  readonly asOfMs: number;
  /** The IANA zone of times that name none. */
  readonly timeZone: string;
  readonly assignments: KnownAssignments;
  readonly facts: readonly KnownFacts[];
  readonly metrics: readonly SourceMetric[];
}

/** The parameters that foreign SQL may name, so that it reads no more than it has to. */
export const FOREIGN_PARAMETERS = ['experiment_key', 'from_time', 'to_time'] as const;

/** No row before `from_time` (the experiment's beginning without the longest covariate) or after `to_time` is used. */
export function foreignParameters(analysis: ExistingAnalysis): Record<string, StatementParameter> {
  const covariateMs = Math.max(0, ...analysis.metrics.map((metric) => metric.covariateMs));
  return {
    experiment_key: analysis.assignedAs,
    from_time: new Date(analysis.fromMs - covariateMs),
    to_time: new Date(analysis.asOfMs),
  };
}

/** Foreign SQL as a step. It comes before all of ours, so that it cannot mean one of our names. */
export function foreignModel(name: string, { sql }: Pick<KnownAssignments | KnownFacts, 'sql'>): Model {
  return { name, sql: `-- As the document says it.\n${sql}` };
}

/** A declared time column in UTC. */
export function utcTime(dialect: Dialect, column: string, kind: ColumnKind | undefined): string {
  const name = dialect.column(column);
  if (kind === 'instant') return dialect.instantToUtc(name);
  if (kind === 'local-time' || kind === 'date') return dialect.localTimeToUtc(name, dialect.parameter('time_zone'));
  throw new RangeError(`column ${column} is no time`);
}

export function text(dialect: Dialect, column: string): string {
  return `CAST(${dialect.column(column)} AS STRING)`;
}
