import {
  minimumDetectableEffect,
  neededUnits,
  powerAt,
  type Baseline,
  type PlannedComparison,
  type PlannedStopping,
} from '../../estimators/planning/plan.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { PlannedClusters } from './clusters.ts';
import { daysUntil, unitsAfter, type Arrivals } from './arrivals.ts';

/** An effect to find: of control's mean, or in the metric's unit. */
export type WantedEffect =
  { readonly kind: 'relative'; readonly ratio: number } | { readonly kind: 'absolute'; readonly difference: number };

export interface PlanRequest {
  /** Of what is randomized: of units, or of clusters. */
  readonly baseline: Baseline;
  /** Where clusters are randomized: whatever is said of units is then said of clusters. Default: units are. */
  readonly clusters?: PlannedClusters | null;
  /** Where the baseline is from, in words. */
  readonly source: string;
  readonly varianceRemovedRatio: number;
  /** Share of all units by arm, control first. */
  readonly shares: readonly number[];
  readonly stopping: PlannedStopping;
  readonly alpha: number;
  readonly power: number;
  readonly effect: WantedEffect | null;
  /** How units come, in all arms together; null: not known. */
  readonly arrivals: Arrivals | null;
  /** What a reader has to know of the baseline, in sentences; default: nothing. */
  readonly warnings?: readonly string[];
  /** How many units there will be; null: that is the question. */
  readonly units: number | null;
}

export interface Size {
  readonly units: number;
  readonly unitsByArm: readonly number[];
  readonly days: number | null;
}
export interface Detectable {
  readonly units: number;
  readonly days: number | null;
  /** In the metric's unit; null where nothing that can be is found. */
  readonly absolute: number | null;
  readonly relative: number | null;
}

/** What an experiment needs, or finds; JSON as it is. */
export interface Plan {
  readonly baseline: { readonly mean: number; readonly standardDeviation: number; readonly source: string };
  readonly varianceRemovedRatio: number;
  /** Where clusters are randomized: `units` are clusters then. */
  readonly clusters: PlannedClusters | null;
  readonly stopping: PlannedStopping;
  readonly alpha: number;
  readonly power: number;
  /** New units a day, where they come evenly. */
  readonly dailyUnits: number | null;
  /** How units come, from history; null: evenly, or not known. */
  readonly arrivals: Arrivals | null;
  readonly effect: { readonly absolute: number; readonly relative: number | null } | null;
  /** To find the effect with the wanted power; null without one. */
  readonly needed: Size | null;
  /** The same effect under the other ways to look. */
  readonly neededByStopping: readonly (Size & { readonly stopping: PlannedStopping })[];
  /** The smallest effect that is found with the wanted power: at the given units, else after each week. */
  readonly detectable: readonly Detectable[];
  readonly warnings: readonly string[];
  /** To find the effect at the given units; null without either. */
  readonly powerAtUnits: number | null;
}

const WEEKS = [1, 2, 3, 4, 6, 8] as const;
const DAYS_A_WEEK = 7;
/** Before so many have matured there is nothing to find. */
const LEAST_UNITS = 4;

/** @throws AnalyzeError for what cannot be planned */
export function makePlan(request: PlanRequest): Plan {
  const { alpha, power, arrivals, units, stopping, varianceRemovedRatio } = request;
  try {
    const comparison = comparisonOf(request, stopping);
    const { mean, standardDeviation } = momentsOf(request.baseline);
    const effect = request.effect === null ? null : effectOf(request.effect, mean);
    const sizes = units === null ? weeksOf(arrivals) : [{ units, days: daysOf(units, arrivals) }];
    return {
      baseline: { mean, standardDeviation, source: request.source },
      varianceRemovedRatio,
      clusters: request.clusters ?? null,
      warnings: request.warnings ?? [],
      stopping,
      alpha,
      power,
      dailyUnits: arrivals === null || arrivals.unitsByDay.length > 0 ? null : arrivals.laterDailyUnits,
      arrivals: arrivals === null || arrivals.unitsByDay.length === 0 ? null : arrivals,
      effect,
      needed: effect === null ? null : sizeOf(request, neededUnits(comparison, effect.absolute, power)),
      neededByStopping: effect === null ? [] : byStopping(request, effect.absolute),
      detectable: sizes.map((size) => detectableAt(comparison, size, mean, power)),
      powerAtUnits: effect === null || units === null ? null : powerAt(comparison, effect.absolute, units),
    };
  } catch (error) {
    if (error instanceof RangeError) throw new AnalyzeError(error.message, { cause: error });
    throw error;
  }
}

/** Control against the arm with the fewest units: it needs the most. */
function comparisonOf(
  { baseline, varianceRemovedRatio, shares, alpha }: PlanRequest,
  stopping: PlannedStopping,
): PlannedComparison {
  const [control = NaN, ...arms] = shares;
  return { baseline, varianceRemovedRatio, shares: { control, treatment: Math.min(...arms) }, stopping, alpha };
}

function momentsOf(baseline: Baseline): { mean: number; standardDeviation: number } {
  if (baseline.kind === 'mean') return { mean: baseline.mean, standardDeviation: baseline.standardDeviation };
  const { rate } = baseline;
  return { mean: rate, standardDeviation: Math.sqrt(rate * (1 - rate)) };
}

function effectOf(effect: WantedEffect, mean: number): NonNullable<Plan['effect']> {
  if (effect.kind === 'absolute')
    return { absolute: effect.difference, relative: mean === 0 ? null : effect.difference / Math.abs(mean) };
  if (mean === 0) throw new AnalyzeError('the baseline is 0, so an effect cannot be given in percent of it');
  return { absolute: effect.ratio * Math.abs(mean), relative: effect.ratio };
}

function byStopping(request: PlanRequest, effect: number): Plan['neededByStopping'] {
  const need = (stopping: PlannedStopping) => ({
    stopping,
    ...sizeOf(request, neededUnits(comparisonOf(request, stopping), effect, request.power)),
  });
  const others = ALTERNATIVES.filter(({ rule }) => rule !== request.stopping.rule).map(need);
  const asked = need(request.stopping);
  const fixed = [asked, ...others].find(({ stopping }) => stopping.rule === 'fixed-horizon');
  // A confidence sequence that is narrowest about where it will end needs the fewest units.
  const tuned = fixed === undefined ? [] : [need({ rule: 'always-valid', tunedForCount: fixed.units })];
  return [asked, ...others, ...tuned];
}

const ALTERNATIVES: readonly PlannedStopping[] = [
  { rule: 'fixed-horizon' },
  { rule: 'group-sequential', spending: 'obrien-fleming', looks: 5 },
  { rule: 'always-valid' },
];

function sizeOf({ shares, arrivals }: PlanRequest, units: number): Size {
  return { units, unitsByArm: shares.map((share) => Math.ceil(units * share)), days: daysOf(units, arrivals) };
}

function daysOf(units: number, arrivals: Arrivals | null): number | null {
  return arrivals === null ? null : daysUntil(arrivals, units);
}

function weeksOf(arrivals: Arrivals | null): { units: number; days: number }[] {
  if (arrivals === null) return [];
  return WEEKS.map((weeks) => weeks * DAYS_A_WEEK)
    .map((days) => ({ units: unitsAfter(arrivals, days), days }))
    .filter(({ units }) => units >= LEAST_UNITS);
}

function detectableAt(
  comparison: PlannedComparison,
  size: { readonly units: number; readonly days: number | null },
  mean: number,
  power: number,
): Detectable {
  const absolute = minimumDetectableEffect(comparison, size.units, power);
  return { ...size, absolute, relative: absolute === null || mean === 0 ? null : absolute / Math.abs(mean) };
}
