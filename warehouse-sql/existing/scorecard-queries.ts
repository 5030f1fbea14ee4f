import { composeMaturity, type MaturityQuestion, type MaturityRow } from '../compose-maturity.ts';
import {
  composeScorecard,
  composeSegmentSplit,
  type ScorecardRow,
  type SegmentQuestion,
  type SegmentSplitRow,
} from '../compose-scorecard.ts';
import type { Dialect, TypedStatement } from '../dialect.ts';
import type { Sources } from '../sources.ts';
import { ASSIGNMENTS, existingExposures } from './assignments.ts';
import { existingOutcomes, factsName } from './facts.ts';
import { foreignModel, foreignParameters, type ExistingAnalysis } from './source.ts';

/** What `scorecardQuery` counts, from a warehouse that was there before: only the staging models are others. */
export function existingScorecardQuery(
  dialect: Dialect,
  analysis: ExistingAnalysis,
  segments?: SegmentQuestion,
): TypedStatement<ScorecardRow> {
  return composeScorecard(dialect, foreignSources(dialect, analysis), analysis.metrics, segments);
}

/** What `segmentSplitQuery` counts, by the segments of the assignment query. */
export function existingSegmentSplitQuery(
  dialect: Dialect,
  analysis: ExistingAnalysis,
): TypedStatement<SegmentSplitRow> {
  const { segments } = analysis.assignments.query;
  return composeSegmentSplit(dialect, foreignSources(dialect, { ...analysis, facts: [], metrics: [] }), segments);
}

/** What `maturityQuery` counts. */
export function existingMaturityQuery(
  dialect: Dialect,
  analysis: ExistingAnalysis,
  question: MaturityQuestion,
): TypedStatement<MaturityRow> {
  return composeMaturity(dialect, foreignSources(dialect, { ...analysis, facts: [], metrics: [] }), question);
}

function foreignSources(dialect: Dialect, analysis: ExistingAnalysis): Sources {
  const { assignments, facts, metrics, timeZone, fromMs, asOfMs } = analysis;
  return {
    exposures: [
      foreignModel(ASSIGNMENTS, assignments),
      ...facts.map((known, index) => foreignModel(factsName(index), known)),
      existingExposures(dialect, assignments),
    ],
    outcomes: metrics.length === 0 ? [] : [existingOutcomes(dialect, { facts, metrics })],
    parameters: {
      ...foreignParameters(analysis),
      started_at: new Date(fromMs),
      closed_at: new Date(asOfMs),
      as_of: new Date(asOfMs),
      time_zone: timeZone,
    },
  };
}
