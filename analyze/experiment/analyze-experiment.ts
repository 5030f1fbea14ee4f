import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { openDataFile } from '../input/data-file.ts';
import { loadRows, type FileRows, type NeededColumns } from '../input/file-rows.ts';
import { withScratchWarehouse } from '../input/scratch-warehouse.ts';
import { checkColumns } from './check-columns.ts';
import { readDays } from './day-readings.ts';
import { refuseMixedClusters, withKnownWindow } from './design.ts';
import { columnsOf } from './metric-expression.ts';
import { readDilution } from './dilution.ts';
import { readInteractions } from './interactions.ts';
import { readMetrics, type CovariatesOf } from './metric-readings.ts';
import { plausibilityWarnings } from './plausibility.ts';
import type { ExperimentRequest } from './request.ts';
import type { ExperimentAnalysis, SplitReading } from './result.ts';
import { readSegments } from './segment-readings.ts';
import { countArms, readSplit } from './split.ts';
import { preparePredictions } from './predictions.ts';
import { readTrends } from './trend-readings.ts';
import { makeUnits, type Units } from './units.ts';
import { volumeWarnings } from './volume.ts';
import { methodsInWords } from './wording.ts';

/**
 * Reads an experiment from a file: each arm against control, for every metric.
 *
 * @throws AnalyzeError where the file cannot be analysed as asked, with the column and the row where there is one
 */
export async function analyzeExperiment(asked: ExperimentRequest): Promise<ExperimentAnalysis> {
  assertDifferentColumns(asked);
  return await withScratchWarehouse((warehouse) => named(asked.file, () => analyzeIn(warehouse, asked)));
}

async function analyzeIn(warehouse: Warehouse, asked: ExperimentRequest): Promise<ExperimentAnalysis> {
  const data = await openDataFile(warehouse, asked.file);
  const request = withKnownWindow(asked, data.columns);
  const rows = await loadRows(warehouse, data, neededBy(request));
  const checked = await checkColumns(rows, request);
  await refuseMixedClusters(rows, request);
  const units = await makeUnits(rows, request);
  const split = await readSplit(warehouse, request, await countArms(warehouse, request));
  const reason = whyInvalid(request, split, units);
  const described = describe(request, rows, units, split);
  const warnings = [...checked, ...units.warnings];
  if (reason !== null)
    return {
      ...described,
      status: 'invalid',
      reason,
      metrics: [],
      segments: [],
      segmentDifferences: [],
      days: [],
      trends: [],
      interactions: [],
      dilution: [],
      methods: [],
      warnings,
    };
  const predictionOf = await preparePredictions(warehouse, request);
  const covariatesOf: CovariatesOf = async (metricIndex, capAt) => {
    const prediction = await predictionOf(metricIndex, capAt);
    return prediction === null ? units.covariates : [...units.covariates, prediction];
  };
  const metrics = await readMetrics(warehouse, request, split, covariatesOf);
  const segments = await readSegments(warehouse, request, metrics, covariatesOf);
  const interactions = await readInteractions(warehouse, request, metrics, covariatesOf);
  const dilution = await readDilution(warehouse, request, metrics, split);
  const trends = await readTrends(rows, request, metrics);
  return {
    ...described,
    status: 'ok',
    reason: null,
    metrics,
    segments: segments.readings,
    segmentDifferences: segments.differences,
    days: await readDays(rows, request, metrics),
    trends: trends.readings,
    interactions: interactions.readings,
    dilution: dilution.readings,
    methods: methodsInWords(request),
    warnings: [
      ...warnings,
      ...plausibilityWarnings(metrics, request),
      ...(await volumeWarnings(warehouse, request)),
      ...segments.warnings,
      ...interactions.warnings,
      ...dilution.warnings,
      ...trends.warnings,
    ],
  };
}

/** What an estimator refuses is about the file, whichever it was. */
async function named<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RangeError) throw new AnalyzeError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

function neededBy(request: ExperimentRequest): NeededColumns {
  const { unit, variant, segments, covariates, metrics, date, design, postStratify } = request;
  const texts = [
    variant,
    ...(postStratify === undefined ? [] : [postStratify]),
    ...segments,
    ...(request.predictors ?? []),
    ...(request.otherExperiments ?? []).map(({ column }) => column),
    ...(unit === null ? [] : [unit]),
  ];
  if (design.kind === 'cluster') texts.push(design.cluster);
  if (design.kind === 'switchback') texts.push(design.region, ...(design.isLength ? [] : [design.window]));
  const numbers = [...covariates, ...(request.triggered === undefined ? [] : [request.triggered])];
  for (const metric of metrics) (metric.type === 'distinct' ? texts : numbers).push(...columnsOf(metric));
  return { texts, numbers, times: date === null ? [] : [date] };
}

type Described = Omit<
  ExperimentAnalysis,
  | 'status'
  | 'reason'
  | 'metrics'
  | 'segments'
  | 'segmentDifferences'
  | 'days'
  | 'trends'
  | 'interactions'
  | 'dilution'
  | 'methods'
  | 'warnings'
>;

function describe(request: ExperimentRequest, rows: FileRows, units: Units, split: SplitReading): Described {
  const {
    file,
    control,
    alpha,
    correction,
    stopping,
    design,
    covariates,
    postStratify = null,
    predictors = [],
  } = request;
  return {
    file,
    rowCount: rows.rowCount,
    unitCount: units.unitCount,
    crossedUnitCount: units.crossed.unitCount,
    control,
    alpha,
    correction,
    stopping,
    design,
    covariates,
    postStratify,
    predictors,
    split,
  };
}

/** Why no effect may be shown; null where one may. */
function whyInvalid({ variant }: ExperimentRequest, split: SplitReading, { crossed, unitCount }: Units): string | null {
  if (crossed.isTooMany) {
    const share = ((100 * crossed.unitCount) / unitCount).toFixed(1);
    return `No effect is shown: ${crossed.unitCount} of ${unitCount} units (${share} %) have rows of more than one arm in column "${variant}", such as "${crossed.example ?? ''}"; more than 1 % says that the assignment is broken.`;
  }
  if (!split.isMismatch) return null;
  const arms = split.arms.map(
    ({ arm, units, expectedUnits }) => `${arm} ${units} of ${Math.round(expectedUnits)} expected`,
  );
  const [worst] = split.suspects;
  const where = worst === undefined ? '' : `; it is most wrong where ${worst.segment} is ${worst.value}`;
  return `No effect is shown: the split is not as intended: ${arms.join(', ')}; p = ${split.pValue.toExponential(1)} is below ${split.threshold}${where}. Units are lost or doubled in one arm, so the arms cannot be compared. If another split was intended, say it with --weights.`;
}

/** @throws AnalyzeError where a name is used for two things */
export function assertDifferentColumns(request: ExperimentRequest): void {
  const { unit, variant, covariates, metrics } = request;
  if (unit === variant)
    throw new AnalyzeError(`--unit and --variant must be different columns, got "${variant}" for both`);
  for (const covariate of [...covariates, ...(request.predictors ?? [])])
    for (const metric of metrics)
      if (columnsOf(metric).includes(covariate))
        throw new AnalyzeError(
          `covariate "${covariate}" is the outcome of metric ${metric.expression}; a covariate was known before the treatment`,
        );
  for (const metric of metrics)
    if (columnsOf(metric).some((column) => column === unit || column === variant) && metric.type !== 'distinct')
      throw new AnalyzeError(
        `metric ${metric.expression} reads the column of --unit or --variant, which is no outcome`,
      );
}
