import { sampleRatio } from '../estimators/sample-ratio.ts';
import { sequentialSampleRatio } from '../estimators/sequential-sample-ratio.ts';
import type { JudgedExperiment } from './build.ts';
import type { Gate, SplitReadout } from './scorecard.ts';
import { pValueText } from './wording.ts';

export interface VariantCount {
  readonly variant: string;
  readonly units: number;
}
export interface SegmentCount extends VariantCount {
  readonly attribute: string;
  readonly value: string;
}

/** Low, because the split is looked at again and again and a false alarm ends an experiment (Fabijan et al. 2019 use the same). */
export const SPLIT_THRESHOLD = 0.0005;
/**
 * Of the test that may be watched all the time: its false alarms stay below this however often a scorecard is made, where those of the chi-square test
 * grow with every look. The two together alarm falsely in at most 1 % of experiments whose scorecard is made a hundred times (docs/calibration.md).
 */
export const WATCHED_SPLIT_THRESHOLD = 0.001;
/** The chi-square approximation wants this many expected units in every arm (Cochran 1954). */
const MINIMUM_EXPECTED = 5;
const MOST_SUSPECTS = 5;

/** Tests the split as a whole; where it is wrong, says in which segments it is most wrong. */
export function readSplit(
  definition: JudgedExperiment,
  counts: readonly VariantCount[],
  segments: readonly SegmentCount[],
): SplitReadout {
  const whole = test(definition, counts);
  const watched = { pValue: watchedPValue(definition, counts), threshold: WATCHED_SPLIT_THRESHOLD };
  const isMismatch = whole.pValue < SPLIT_THRESHOLD || watched.pValue < WATCHED_SPLIT_THRESHOLD;
  return {
    ...whole,
    threshold: SPLIT_THRESHOLD,
    watched,
    isMismatch,
    suspectSegments: isMismatch ? suspects(definition, segments) : [],
  };
}

type Tested = Pick<SplitReadout, 'pValue' | 'counts'>;

function countedArms({ variants }: JudgedExperiment, counts: readonly VariantCount[]) {
  const arms = variants.filter(({ weightBasisPoints }) => weightBasisPoints > 0);
  const units = arms.map(({ key }) => counts.find(({ variant }) => variant === key)?.units ?? 0);
  const weights = arms.map(({ weightBasisPoints }) => weightBasisPoints);
  return { arms, units, weights };
}

/** Exact from the first unit on. */
function watchedPValue(definition: JudgedExperiment, counts: readonly VariantCount[]): number {
  const { units, weights } = countedArms(definition, counts);
  return units.length < 2 ? 1 : sequentialSampleRatio(units, weights).pValue;
}

function test(definition: JudgedExperiment, counts: readonly VariantCount[]): Tested {
  const { arms, units, weights } = countedArms(definition, counts);
  const total = units.reduce((sum, count) => sum + count, 0);
  const result = arms.length < 2 || total === 0 ? null : sampleRatio(units, weights);
  const expected = result?.expected ?? units;
  const isTestable = result !== null && Math.min(...expected) >= MINIMUM_EXPECTED;
  return {
    pValue: isTestable ? result.pValue : 1,
    counts: arms.map(({ key }, arm) => ({ variant: key, units: units[arm] ?? 0, expectedUnits: expected[arm] ?? 0 })),
  };
}

function suspects(definition: JudgedExperiment, segments: readonly SegmentCount[]): SplitReadout['suspectSegments'] {
  const bySegment = new Map<string, SegmentCount[]>();
  for (const count of segments) {
    const name = JSON.stringify([count.attribute, count.value]);
    bySegment.set(name, [...(bySegment.get(name) ?? []), count]);
  }
  return [...bySegment.values()]
    .flatMap((counts) => {
      const [first] = counts;
      return first === undefined
        ? []
        : [{ attribute: first.attribute, value: first.value, ...test(definition, counts) }];
    })
    .filter(({ pValue }) => pValue < SPLIT_THRESHOLD / bySegment.size)
    .sort((a, b) => a.pValue - b.pValue)
    .slice(0, MOST_SUSPECTS);
}

export function splitGate(split: SplitReadout): Gate {
  const observed = split.counts.map(
    ({ variant, units, expectedUnits }) => `${variant} ${units} of ${Math.round(expectedUnits)} expected`,
  );
  const { watched } = split;
  const whileWatched = watched === undefined ? '' : `, ${pValueText(watched.pValue)} when watched all the time`;
  const numbers = `${observed.join(', ')}; ${pValueText(split.pValue)}${whileWatched}`;
  const smallest = Math.min(...split.counts.map(({ expectedUnits }) => expectedUnits));
  if (smallest < MINIMUM_EXPECTED && !split.isMismatch)
    return { gate: 'split', metricKey: null, status: 'waiting', reason: `too few units to test the split: ${numbers}` };
  if (!split.isMismatch)
    return { gate: 'split', metricKey: null, status: 'passed', reason: `the split is as defined: ${numbers}` };
  const [worst] = split.suspectSegments;
  const where = worst === undefined ? '' : `; it is most wrong where ${worst.attribute} is ${worst.value}`;
  return {
    gate: 'split',
    metricKey: null,
    status: 'failed',
    reason: `the split is not as defined: ${numbers}${where}`,
  };
}
