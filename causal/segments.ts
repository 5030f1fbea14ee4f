import { adjustedPValues } from '../estimators/comparisons/adjusted-p-values.ts';
import { attempt, reestimate, type Claim } from './checks/refute.ts';
import { Refusal } from './refusal.ts';
import { effectReading } from './report/effect.ts';
import type { SegmentReading } from './report/report.ts';
import type { RawColumn } from './study/raw-column.ts';
import { FEWEST_UNITS, studyOfRows, studyWithout } from './study/study.ts';

const MOST_LEVELS = 30;
const QUANTILES = 4;

/**
 * The effect within each value of the segment columns, by the same method from the propensity on; numbers are cut into quarters. Corrected over all of them.
 *
 * @param rows of the claim's study among the units that the segments are given for; null: all of them
 */
export function readSegments(
  claim: Claim,
  segments: readonly RawColumn[],
  rows: Uint32Array | null,
): { readonly readings: readonly SegmentReading[]; readonly notes: readonly string[] } {
  const raw: Omit<SegmentReading, 'adjustedPValue'>[] = [];
  const small: string[] = [];
  for (const segment of segments) {
    const { labels, codes } = codesOf(segment);
    const within = studyWithout(claim.study, [segment.name]);
    const base = within.covariates.columns.length === 0 ? claim.study : within;
    for (const [place, value] of labels.entries()) {
      const members: number[] = [];
      for (let row = 0; row < base.outcome.length; row += 1)
        if (codes[rows === null ? row : rows[row]!] === place) members.push(row);
      const found = attempt(() => {
        const study = studyOfRows(base, Uint32Array.from(members));
        return { study, estimate: reestimate(study, claim) };
      });
      if (found instanceof Refusal) {
        small.push(`${segment.name} = ${value}`);
        continue;
      }
      const { treatedCount, controlCount } = found.study;
      raw.push({
        segment: segment.name,
        value,
        treated: treatedCount,
        controls: controlCount,
        effect: effectReading(found.estimate, claim.alpha),
      });
    }
  }
  const adjusted = adjustedPValues(
    raw.map(({ effect }) => effect.pValue),
    'bh',
  );
  const readings = raw.map((each, index) => ({ ...each, adjustedPValue: adjusted[index] ?? each.effect.pValue }));
  const notes =
    small.length === 0
      ? []
      : [
          `${small.length} segments have fewer than ${FEWEST_UNITS} units of a group that can be compared, and are not read: ${small.slice(0, 4).join(', ')}`,
        ];
  return { readings, notes };
}

function codesOf(segment: RawColumn): { readonly labels: readonly string[]; readonly codes: Int32Array } {
  if (segment.kind === 'category') return { labels: segment.levels.slice(0, MOST_LEVELS), codes: segment.codes };
  const values = [...new Set(segment.values)].filter((of) => !Number.isNaN(of)).toSorted((a, b) => a - b);
  if (values.length <= 10) {
    const place = new Map(values.map((value, index) => [value, index]));
    return { labels: values.map(String), codes: Int32Array.from(segment.values, (of) => place.get(of) ?? -1) };
  }
  const sorted = segment.values.filter((of) => !Number.isNaN(of)).sort();
  const cuts = Array.from(
    { length: QUANTILES - 1 },
    (_, cut) => sorted[Math.floor(((cut + 1) * sorted.length) / QUANTILES)] ?? 0,
  );
  const labels = Array.from({ length: QUANTILES }, (_, part) =>
    part === 0
      ? `below ${cuts[0] ?? ''}`
      : `${cuts[part - 1] ?? ''} or more${part < cuts.length ? `, below ${cuts[part] ?? ''}` : ''}`,
  );
  const codes = Int32Array.from(segment.values, (of) =>
    Number.isNaN(of) ? -1 : cuts.filter((cut) => of >= cut).length,
  );
  return { labels, codes };
}
