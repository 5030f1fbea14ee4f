import type { ScorecardRow } from '../warehouse-sql/compose-scorecard.ts';
import type { AskedStatistic } from '../warehouse-sql/daily/asked.ts';
import type { KeptRow } from '../warehouse-sql/daily/daily-queries.ts';
import type { KeptSplitRow } from '../warehouse-sql/daily/kept-split.ts';
import type { DailyQuestion } from './daily-statistics.ts';

const NO_SUMS = { sum_y: 0, sum_yy: 0, sum_x: 0, sum_xx: 0, sum_xy: 0 };
const NO_DENOMINATOR = { sum_d: null, sum_dd: null, sum_yd: null, sum_xd: null };

/**
 * What is kept, as the rows of a scorecard, by question.
 *
 * @throws Error where a day is kept twice
 */
export function keptRows(
  questions: readonly DailyQuestion[],
  asked: readonly AskedStatistic[],
  kept: readonly KeptRow[],
  split: readonly KeptSplitRow[],
): readonly (readonly ScorecardRow[])[] {
  const rows = questions.map((): ScorecardRow[] => []);
  for (const { question, part, variant, units } of mergedSplit(questions, split)) {
    rows[question]?.push({ part, attribute: '', value: '', metric: -1, variant, units, ...NO_SUMS, ...NO_DENOMINATOR });
  }
  for (const { place, doubled, ...sums } of kept) {
    const statistic = asked[place];
    if (statistic === undefined)
      throw new RangeError(`the warehouse answered for statistic ${place}, which was not asked`);
    const { question, attribute, metricKey, experimentKey, epoch } = statistic;
    if (doubled > 0) {
      throw new Error(
        `daily_statistics holds days of ${experimentKey}, epoch ${epoch}, metric ${metricKey} twice; ` +
          `delete its rows of that experiment, and they are computed anew`,
      );
    }
    const metric = questions[question]?.metrics.findIndex(({ key }) => key === metricKey) ?? -1;
    rows[question]?.push({ part: attribute === '' ? 'matured' : 'segment', attribute, metric, ...sums });
  }
  return rows;
}

/** One row for each part, also where it was counted in several steps; a scorecard has those of no units, too. */
function mergedSplit(questions: readonly DailyQuestion[], split: readonly KeptSplitRow[]): KeptSplitRow[] {
  const merged = new Map<string, KeptSplitRow>();
  const add = (row: KeptSplitRow): void => {
    const name = `${row.question}/${row.part}/${row.variant}`;
    merged.set(name, { ...row, units: row.units + (merged.get(name)?.units ?? 0) });
  };
  questions.forEach((_, question) => {
    add({ question, part: 'crossed', variant: '', units: 0 });
    add({ question, part: 'not_random', variant: '', units: 0 });
  });
  split.forEach(add);
  return [...merged.values()];
}
