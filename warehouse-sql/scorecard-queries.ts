import type { ExperimentDefinition } from '../definitions/experiment.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import { composeMaturity, type MaturityQuestion, type MaturityRow } from './compose-maturity.ts';
import {
  composeScorecard,
  composeSegmentSplit,
  type ScorecardRow,
  type SegmentQuestion,
  type SegmentSplitRow,
} from './compose-scorecard.ts';
import type { Dialect, TypedStatement } from './dialect.ts';
import { unitOutcomes } from './intermediate/unit-outcomes.ts';
import type { Sources } from './sources.ts';
import { stagingExposures } from './staging/exposures.ts';
import { stagingLinks } from './staging/links.ts';
import { outcomeParameters, stagingOutcomes } from './staging/outcomes.ts';

export type { ScorecardRow, SegmentSplitRow } from './compose-scorecard.ts';

/** One epoch at one time. */
export interface Analysis {
  readonly experimentKey: string;
  readonly epoch: number;
  /** What the experiment randomizes, such as `user`. */
  readonly unitType: string;
  /**
   * Exposures after this do not count, nor do windows that were still open: when the analysis closed, because from then on units see what
   * was decided and not their arm; else the time of asking.
   */
  readonly asOfMs: number;
}

/**
 * Everything that a scorecard counts, in one statement: all of it belongs to the same moment while events come in, and exposures and
 * outcomes are read once for all metrics.
 */
export function scorecardQuery(
  dialect: Dialect,
  analysis: Analysis,
  metrics: readonly MetricDefinition[],
  segments?: SegmentQuestion,
): TypedStatement<ScorecardRow> {
  const labels = { purpose: 'scorecard', experiment: analysis.experimentKey };
  return { ...composeScorecard(dialect, ownEvents(dialect, analysis, metrics), metrics, segments), labels };
}

/** How many units each variant has, by the experiment's segments. Only for an experiment that has any. */
export function segmentSplitQuery(
  dialect: Dialect,
  analysis: Analysis,
  attributes: ExperimentDefinition['segments'],
): TypedStatement<SegmentSplitRow> {
  const labels = { purpose: 'segment_split', experiment: analysis.experimentKey };
  return { ...composeSegmentSplit(dialect, ownExposures(dialect, analysis), attributes), labels };
}

/** The units that had matured at each look; see `composeMaturity`. */
export function maturityQuery(
  dialect: Dialect,
  analysis: Analysis,
  question: MaturityQuestion,
): TypedStatement<MaturityRow> {
  const labels = { purpose: 'maturity', experiment: analysis.experimentKey };
  return { ...composeMaturity(dialect, ownExposures(dialect, analysis), question), labels };
}

function ownEvents(dialect: Dialect, analysis: Analysis, metrics: readonly MetricDefinition[]): Sources {
  if (metrics.length === 0) throw new RangeError('a scorecard needs at least one metric');
  const { exposures, parameters } = ownExposures(dialect, analysis);
  return {
    exposures,
    outcomes: [
      stagingLinks(dialect),
      ...stagingOutcomes(dialect, metrics, analysis.unitType),
      unitOutcomes(analysis.unitType),
    ],
    parameters: { ...parameters, ...outcomeParameters(metrics), as_of: new Date(analysis.asOfMs) },
  };
}

function ownExposures(
  dialect: Dialect,
  { experimentKey, epoch, asOfMs }: Analysis,
): Pick<Sources, 'exposures' | 'parameters'> {
  return {
    exposures: [stagingExposures(dialect)],
    parameters: { experiment_key: experimentKey, epoch, closed_at: new Date(asOfMs) },
  };
}
