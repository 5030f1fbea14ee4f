import type { Design } from '../definitions/design.ts';
import type { MetricStatistics, ScorecardInput } from '../scorecard/build.ts';
import { isWholeWindow, placeOfUnit, type DesignedUnit } from '../scorecard/designed-units.ts';
import type { DesignedRow } from '../warehouse-sql/designed-queries.ts';

export interface DesignedQuestion {
  readonly design: Design;
  /** In the order in which they were asked. */
  readonly metricKeys: readonly string[];
  /** The first enrolment: a window that had begun before is left out. */
  readonly fromMs: number;
  readonly asOfMs: number;
}

type DesignedCounts = Pick<ScorecardInput, 'split' | 'statistics' | 'leftOut'> & {
  readonly designedUnits: readonly DesignedUnit[];
};

/** What the warehouse counted of an experiment with a design. Units are windows, clusters or regions. */
export function readDesignedCounts(rows: readonly DesignedRow[], question: DesignedQuestion): DesignedCounts {
  const unitsOf = (part: DesignedRow['part']): number => rows.find((row) => row.part === part)?.units ?? 0;
  const designedUnits = rows
    .filter(({ part }) => part === 'unit')
    .map((row) => ({
      metricKey: metricKeyOf(row, question.metricKeys),
      variant: row.variant,
      ...placeOfUnit(question.design, row.unit_id),
      total: row.total,
    }))
    .filter((unit) => isWholeWindow(question.design, unit, question));
  return {
    split: rows.filter(({ part }) => part === 'exposed').map(({ variant, units }) => ({ variant, units })),
    statistics: statisticsOf(designedUnits),
    leftOut: { crossedUnits: unitsOf('crossed'), notRandomExposures: unitsOf('not_random') },
    designedUnits,
  };
}

function metricKeyOf({ metric }: DesignedRow, metricKeys: readonly string[]): string {
  const key = metricKeys[metric];
  if (key === undefined) throw new RangeError(`the warehouse answered for metric ${metric}, which was not asked`);
  return key;
}

/** Units and sums by metric and variant, by which it is told how many units have matured. */
function statisticsOf(units: readonly DesignedUnit[]): MetricStatistics[] {
  const found = new Map<string, MetricStatistics>();
  for (const { metricKey, variant, total } of units) {
    const name = JSON.stringify([metricKey, variant]);
    const before = found.get(name);
    found.set(name, {
      metricKey,
      variant,
      count: (before?.count ?? 0) + 1,
      sumY: (before?.sumY ?? 0) + total,
      sumYY: (before?.sumYY ?? 0) + total ** 2,
      sumX: 0,
      sumXX: 0,
      sumXY: 0,
    });
  }
  return [...found.values()];
}
