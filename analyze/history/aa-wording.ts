import type { AaReport } from '../../estimators/reading/aa-verdict.ts';
import { alignedTable } from '../report/aligned-table.ts';
import type { AaAnalysis } from './aa.ts';

interface Reports {
  readonly fixedHorizon: AaReport;
  readonly alwaysValid: AaReport;
}

/** What the splits say, and what to do about it. */
export function sentenceOf({ fixedHorizon, alwaysValid }: Reports, { alpha }: { readonly alpha: number }): string {
  const found = `${percent(fixedHorizon.rejectionRate)} of the splits found a difference where there was none`;
  const wanted = `${percent(alpha)} is what alpha allows`;
  switch (fixedHorizon.verdict) {
    case 'too-many':
      return `Do not rely on this metric yet: ${found}, and ${wanted}. Its intervals are too narrow: is the unit what is randomized, and do its rows belong together?`;
    case 'too-few':
      return `This metric misses effects: ${found}, and ${wanted}. A few units weigh as much as all others: cap it, such as with cap=p99.`;
    case 'uneven':
      return `Rely on this metric at alpha = ${alpha} only: ${found}, as there should be, but p-values are not spread evenly. Cap it, or wait for more units.`;
    case 'holds':
      return alwaysValid.verdict === 'too-many'
        ? `Read this metric once only: ${found} at the end, but ${percent(alwaysValid.rejectionRate)} at some look on the way. Look when there are more units.`
        : `This metric can be relied on: ${found}; ${wanted}.`;
  }
}

export function aaText(analysis: AaAnalysis): string {
  const { file, unitCount, splits, alpha, seed } = analysis;
  return [
    `${file}: ${unitCount} units, split ${splits} times into two arms that are alike (seed ${seed}); alpha = ${alpha}`,
    '',
    aaTable(analysis),
  ].join('\n');
}

/** What was found of each metric, and then what follows. */
export function aaTable({ looks, metrics }: Pick<AaAnalysis, 'looks' | 'metrics'>): string {
  const rows = metrics.map(({ metric, fixedHorizon, alwaysValid }) => [
    metric,
    percent(fixedHorizon.rejectionRate),
    `${percent(fixedHorizon.rejectionLower)} to ${percent(fixedHorizon.rejectionUpper)}`,
    fixedHorizon.spreadRatio.toFixed(3),
    (fixedHorizon.uniformityPValue ?? NaN).toFixed(3),
    percent(alwaysValid.rejectionRate),
  ]);
  const header = ['metric', 'found', '99 % interval', 'spread / se', 'even (p)', `in ${looks} looks`];
  return [alignedTable(header, rows), '', ...metrics.map(({ metric, sentence }) => `${metric}: ${sentence}`)].join(
    '\n',
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
