import type { ExperimentAnalysis } from '../experiment/result.ts';
import { count, interval, percent, pValue, signed } from './numbers.ts';

/** A table for the terminal as well as for the page. */
export interface ContextTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Whether effects are adjusted by anything that was known before. */
export function hasAdjustment({ covariates, postStratify, predictors }: ExperimentAnalysis): boolean {
  return covariates.length > 0 || postStratify !== null || predictors.length > 0;
}

/** What stands around an effect: whether it lasts, whether another experiment changes it, what it is worth over all units. */
export function contextTables(analysis: ExperimentAnalysis): readonly ContextTable[] {
  return [trendTable(analysis), interactionTable(analysis), dilutionTable(analysis)].filter(
    ({ rows }) => rows.length > 0,
  );
}

function trendTable({ trends }: ExperimentAnalysis): ContextTable {
  return {
    title: 'does the effect last, by days since the first row',
    head: ['metric', 'arm', 'units', 'days', 'first half, a day', 'second half, a day', 'p of the slope', ''],
    rows: trends.map(({ metric, arm, units, dayCount, firstHalf, secondHalf, slopePerDay, reading }) => [
      metric,
      arm,
      count(units.control + units.arm),
      String(dayCount),
      interval(firstHalf, signed),
      interval(secondHalf, signed),
      pValue(slopePerDay.pValue),
      reading === 'not shown' ? 'no change shown' : reading,
    ]),
  };
}

function interactionTable({ interactions }: ExperimentAnalysis): ContextTable {
  return {
    title: 'does another experiment change the effect',
    head: ['experiment', 'metric', 'arm', 'units', 'effect without', 'effect with', 'difference', 'adjusted p'],
    rows: interactions.map((each) => [
      `${each.experiment} = ${each.otherArm}`,
      each.metric,
      each.arm,
      count(each.units),
      signed(each.effectWithout),
      signed(each.effectWith),
      interval(each.difference, signed),
      pValue(each.adjustedPValue),
    ]),
  };
}

function dilutionTable({ dilution }: ExperimentAnalysis): ContextTable {
  return {
    title: 'what the effect on triggered units is worth over all assigned ones',
    head: ['metric', 'arm', 'triggered', 'effect a triggered unit', 'effect an assigned unit', 'p'],
    rows: dilution.map(({ metric, arm, triggeredRatio, amongTriggered, overall }) => [
      metric,
      arm,
      percent(triggeredRatio, 1),
      interval(amongTriggered, signed),
      interval(overall, signed),
      pValue(overall.pValue),
    ]),
  };
}
