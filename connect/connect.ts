import { didYouMean } from '../definitions/suggestion.ts';
import type { SourceExperiment, WarehouseSource } from '../definitions/warehouse-source.ts';
import { parseWarehouseSource, type ParsedWarehouseSource } from '../definitions/parse-warehouse-source.ts';
import { computeScorecard } from '../judge/compute-scorecard.ts';
import type { Scorecard } from '../scorecard/scorecard.ts';
import { RefusedSqlError, type Column, type ReadOnlyWarehouse } from '../warehouse/read-only/port.ts';
import { bigQuery, duckDb, type Dialect } from '../warehouse-sql/dialect.ts';
import {
  existingMaturityQuery,
  existingScorecardQuery,
  existingSegmentSplitQuery,
} from '../warehouse-sql/existing/scorecard-queries.ts';
import type { ExistingAnalysis } from '../warehouse-sql/existing/source.ts';
import { UnknownExperimentError } from './errors.ts';
import { analysisOf } from './existing-experiment.ts';
import type { Finding, Place } from './finding.ts';
import { inspectAssignments, type AssignmentReport } from './inspect-assignments.ts';
import { inspectFacts, type FactReport } from './inspect-facts.ts';
import { knowQueries, type KnownQueries } from './known-queries.ts';
import { openSource } from './open-source.ts';

export interface ConnectRequest {
  /** The document. */
  readonly text: string;
  /** Its name, for messages. */
  readonly fileName: string;
  /** Where relative paths of the document begin. */
  readonly baseDirectory: string;
  /** The time of the analysis. Ms since 1970 UTC. */
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** Another address of BigQuery's API: an emulator, without credentials. */
  readonly bigQueryApiEndpoint?: string | undefined;
}

export interface ExperimentReport {
  readonly key: string;
  /** ISO 8601: the analysis reads nothing after this. */
  readonly asOf: string;
  readonly assignments: AssignmentReport;
  readonly facts: readonly FactReport[];
}

/** What a document and the warehouse say of each other. */
export interface ConnectReport {
  readonly source: string;
  readonly engine: WarehouseSource['connection']['engine'];
  /** Whether there is no error among the findings. */
  readonly isUsable: boolean;
  readonly queries: readonly { readonly key: string; readonly columns: readonly Column[] }[];
  readonly experiments: readonly ExperimentReport[];
  readonly findings: readonly Finding[];
}

/** @throws InvalidDefinitionError, UnreachableWarehouseError */
export async function checkSource(request: ConnectRequest): Promise<ConnectReport> {
  return await withSource(request, async (opened) => {
    const inspected: Inspection[] = [];
    for (const experiment of opened.source.experiments) {
      inspected.push(await inspect(opened, experiment));
    }
    return reportOf(opened, inspected);
  });
}

/** The scorecard of one experiment, and what was found on the way; null where its queries cannot be used. */
export interface ExistingScorecard {
  readonly scorecard: Scorecard | null;
  readonly report: ConnectReport;
}

/** @throws InvalidDefinitionError, UnreachableWarehouseError, UnknownExperimentError */
export async function scoreExisting(request: ConnectRequest, experimentKey: string): Promise<ExistingScorecard> {
  return await withSource(request, async (opened) => {
    const { source } = opened;
    const experiment = source.experiments.find(({ key }) => key === experimentKey);
    if (experiment === undefined) {
      const keys = source.experiments.map(({ key }) => key).join(', ') || 'none';
      const meant = didYouMean(
        experimentKey,
        source.experiments.map(({ key }) => key),
      );
      throw new UnknownExperimentError(
        `there is no experiment "${experimentKey}" in ${request.fileName}${meant}; its experiments are ${keys}`,
      );
    }
    const inspection = await inspect(opened, experiment);
    const report = reportOf(opened, [inspection]);
    return { scorecard: inspection.report === null ? null : await judge(opened, experiment, inspection), report };
  });
}

/** A document and its warehouse, opened. */
export interface Opened extends ParsedWarehouseSource {
  readonly warehouse: ReadOnlyWarehouse;
  readonly dialect: Dialect;
  readonly known: KnownQueries;
  readonly nowMs: number;
}

/** Opens the warehouse for as long as the work takes. */
export async function withSource<T>(request: ConnectRequest, work: (opened: Opened) => Promise<T>): Promise<T> {
  const parsed = parseWarehouseSource(request.text, request.fileName);
  const { baseDirectory, signal, bigQueryApiEndpoint } = request;
  const warehouse = await openSource(parsed.source.connection, { baseDirectory, signal, bigQueryApiEndpoint });
  try {
    const dialect = warehouse.dialectName === 'duckdb' ? duckDb : bigQuery;
    const known = await knowQueries(warehouse, parsed.source, parsed.place);
    return await work({ ...parsed, warehouse, dialect, known, nowMs: request.nowMs });
  } finally {
    await warehouse.close();
  }
}

interface Inspection {
  /** Null where the rows could not be read. */
  readonly report: ExperimentReport | null;
  readonly findings: readonly Finding[];
  readonly dataProblems: readonly string[];
}

const NOT_READ: Inspection = { report: null, findings: [], dataProblems: [] };

async function inspect(opened: Opened, experiment: SourceExperiment): Promise<Inspection> {
  const { source, known, nowMs } = opened;
  const analysis = analysisOf(source, experiment, known, nowMs);
  if (analysis === null) return NOT_READ;
  const place = placeOf(opened, 'experiments', experiment.key);
  if (analysis.asOfMs <= analysis.fromMs) {
    const message = `begins after the time of the analysis, ${new Date(nowMs).toISOString()}; move it back, or ask as of a later time`;
    return { ...NOT_READ, findings: [{ severity: 'error', path: place(['from']), message }] };
  }
  try {
    return await inspectRows(opened, experiment, analysis, place);
  } catch (error) {
    if (!(error instanceof RefusedSqlError)) throw error;
    return { ...NOT_READ, findings: [{ severity: 'error', path: place([]), message: `the SQL ${error.message}` }] };
  }
}

async function inspectRows(
  opened: Opened,
  experiment: SourceExperiment,
  analysis: ExistingAnalysis,
  place: Place,
): Promise<Inspection> {
  const { warehouse, dialect } = opened;
  const assignments = await inspectAssignments(warehouse, dialect, experiment, analysis, place);
  const facts = [];
  for (const each of analysis.facts) {
    const at = placeOf(opened, 'facts', each.query.key);
    facts.push(await inspectFacts(warehouse, dialect, analysis, each, assignments.report.units, at));
  }
  const asOf = new Date(analysis.asOfMs).toISOString();
  return {
    report: { key: experiment.key, asOf, assignments: assignments.report, facts: facts.map(({ report }) => report) },
    findings: [assignments, ...facts].flatMap(({ findings }) => findings),
    dataProblems: [assignments, ...facts].flatMap(({ dataProblems }) => dataProblems),
  };
}

function placeOf({ source, place }: Opened, list: 'experiments' | 'facts', key: string): Place {
  const index = source[list].findIndex((each) => each.key === key);
  return (path) => place([list, index, ...path]);
}

async function judge(
  { source, known, warehouse, dialect, nowMs }: Opened,
  experiment: SourceExperiment,
  { dataProblems }: Inspection,
): Promise<Scorecard> {
  const analysis = analysisOf(source, experiment, known, nowMs);
  if (analysis === null) throw new Error(`the queries of ${experiment.key} are not known`);
  const hasEnded = experiment.toMs !== null && experiment.toMs <= nowMs;
  const input = {
    definition: { ...experiment, segments: analysis.assignments.query.segments },
    record: { epoch: 1, enrolledAtMs: experiment.fromMs, analysisClosedAtMs: hasEnded ? experiment.toMs : null },
    metrics: new Map(analysis.metrics.map((metric) => [metric.key, metric])),
    computedAtMs: nowMs,
    dataProblems,
  };
  return await computeScorecard(input, {
    scorecard: (asOfMs, segments) =>
      warehouse.query(existingScorecardQuery(dialect, { ...analysis, asOfMs }, segments)),
    maturity: (question) => warehouse.query(existingMaturityQuery(dialect, analysis, question)),
    segments: () => warehouse.query(existingSegmentSplitQuery(dialect, analysis)),
  });
}

function reportOf({ source, known }: Opened, inspected: readonly Inspection[]): ConnectReport {
  const findings = [...known.findings, ...inspected.flatMap((each) => each.findings)];
  return {
    source: source.key,
    engine: source.connection.engine,
    isUsable: findings.every(({ severity }) => severity !== 'error'),
    queries: [...known.columns].map(([key, columns]) => ({ key, columns })),
    experiments: inspected.flatMap(({ report }) => (report === null ? [] : [report])),
    findings,
  };
}
