import { sampleRatio } from '../../estimators/sample-ratio.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { ExperimentRequest } from './request.ts';
import type { SplitReading } from './result.ts';
import { segmentColumn, UNITS } from './units.ts';

/** Low, because whoever looks at a file again and again must not be alarmed falsely (Fabijan et al. 2019). */
export const SPLIT_THRESHOLD = 0.0005;
/** The chi-square approximation wants this many expected units in every arm (Cochran 1954). */
const MINIMUM_EXPECTED = 5;
const MOST_SUSPECTS = 5;
const MOST_ARMS = 20;

export interface ArmCount {
  readonly arm: string;
  readonly units: number;
}

/**
 * The arms of the file, control first, and whether units were split among them as intended.
 *
 * @throws AnalyzeError where control or another arm is missing, or a weight belongs to no arm
 */
export async function readSplit(
  warehouse: Warehouse,
  request: ExperimentRequest,
  counted: readonly ArmCount[],
): Promise<SplitReading> {
  const counts = controlFirst(request, counted);
  const weights = weightsOf(request, counts);
  const { pValue, expected } = test(counts, weights);
  const isMismatch = pValue < SPLIT_THRESHOLD;
  return {
    arms: counts.map(({ arm, units }, index) => ({ arm, units, expectedUnits: expected[index] ?? 0 })),
    pValue,
    threshold: SPLIT_THRESHOLD,
    isMismatch,
    suspects: isMismatch && request.design.kind === 'user' ? await suspectsOf(warehouse, request, counts, weights) : [],
  };
}

/** How many of what was randomized are in each arm. */
export async function countArms(warehouse: Warehouse, { design }: ExperimentRequest): Promise<readonly ArmCount[]> {
  const counted = design.kind === 'user' ? 'COUNT(*)' : 'COUNT(DISTINCT cluster)';
  return await warehouse.query<{ arm: string; units: number }>({
    sql: `SELECT arm, ${counted} AS units FROM ${UNITS} GROUP BY arm ORDER BY arm`,
    parameters: {},
  });
}

function controlFirst(
  { file, variant, control, weights }: ExperimentRequest,
  counted: readonly ArmCount[],
): ArmCount[] {
  const absent = Object.keys(weights ?? {}).filter((arm) => !counted.some((count) => count.arm === arm));
  const counts = [...counted, ...absent.map((arm) => ({ arm, units: 0 }))];
  const shown = counts
    .slice(0, 6)
    .map(({ arm }) => `"${arm}"`)
    .join(', ');
  const holds = `column "${variant}" of ${file} holds ${shown}${counts.length > 6 ? `, … (${counts.length} values)` : ''}`;
  const ofControl = counted.find(({ arm }) => arm === control);
  if (ofControl === undefined) throw new AnalyzeError(`${holds}, but no "${control}", which --control says control is`);
  if (counted.length < 2) throw new AnalyzeError(`${holds} only: there is no arm to compare with "${control}"`);
  if (counts.length > MOST_ARMS)
    throw new AnalyzeError(`${holds}; that is more than the ${MOST_ARMS} arms that an experiment can have`);
  const empty = counts.find(({ units }) => units === 0);
  if (empty !== undefined)
    throw new AnalyzeError(
      `${holds}: arm "${empty.arm}" of --weights has no units; its units are lost, so no arm can be read`,
    );
  return [ofControl, ...counts.filter((count) => count !== ofControl)];
}

function weightsOf({ file, variant, weights }: ExperimentRequest, counts: readonly ArmCount[]): number[] {
  if (weights === null) return counts.map(() => 1);
  return counts.map(({ arm }) => {
    const weight = weights[arm];
    if (weight !== undefined) return weight;
    throw new AnalyzeError(`arm "${arm}" in column "${variant}" of ${file} has no weight in --weights`);
  });
}

function test(counts: readonly ArmCount[], weights: readonly number[]) {
  const { pValue, expected } = sampleRatio(
    counts.map(({ units }) => units),
    weights,
  );
  return { pValue: Math.min(...expected) >= MINIMUM_EXPECTED ? pValue : 1, expected };
}

async function suspectsOf(
  warehouse: Warehouse,
  { segments }: ExperimentRequest,
  arms: readonly ArmCount[],
  weights: readonly number[],
): Promise<SplitReading['suspects']> {
  const suspects: SplitReading['suspects'][number][] = [];
  for (const [index, segment] of segments.entries()) {
    const rows = await warehouse.query<{ value: string; arm: string; units: number }>({
      sql: `SELECT ${segmentColumn(index)} AS value, arm, COUNT(*) AS units FROM ${UNITS} GROUP BY ALL ORDER BY ALL`,
      parameters: {},
    });
    for (const value of new Set(rows.map((row) => row.value))) {
      const counts = arms.map(({ arm }) => ({
        arm,
        units: rows.find((row) => row.value === value && row.arm === arm)?.units ?? 0,
      }));
      const { pValue } = test(counts, weights);
      const byArm = Object.fromEntries(counts.map(({ arm, units }) => [arm, units]));
      if (pValue < SPLIT_THRESHOLD) suspects.push({ segment, value, pValue, counts: byArm });
    }
  }
  return suspects.toSorted((a, b) => a.pValue - b.pValue).slice(0, MOST_SUSPECTS);
}
