import type { StoppingRule } from '../definitions/experiment.ts';
import { SMALLEST_STEP_RATIO } from '../estimators/stopping/score-density.ts';
import type { JudgedExperiment, JudgedRecord } from './build.ts';

/** Units that matured after the look before and not after this one. */
export interface MaturedUnits {
  /** Place in the list of due looks, from 0. */
  readonly look: number;
  readonly variant: string;
  readonly units: number;
}

/** A moment at which results are read. */
export interface LookTime {
  /** Ms since 1970 UTC. */
  readonly atMs: number;
  /** Share of the way to the end, by which alpha is spent; 1 is the last look. */
  readonly spendingFraction: number;
}

/** A look that was planned and is due. */
export interface DueLook {
  /** 1 is the first. */
  readonly look: number;
  /** How many there are at most. */
  readonly looks: number;
  readonly isLast: boolean;
  /** Outcomes after this are not read, in ms since 1970 UTC. */
  readonly atMs: number;
  /** Share of the way to the end at which each look so far was taken, the present one last; the last look of all is 1. */
  readonly spendingFractions: readonly number[];
  /** Information of each look so far: harmonic mean of the arms' units. Ascending. */
  readonly information: readonly number[];
}

/** How results may be read now. */
export type Reading =
  | { readonly kind: 'any-time' }
  | { readonly kind: 'waiting'; readonly nextAtMs: number | null; readonly looks: number }
  | ({ readonly kind: 'look' } & DueLook);

/**
 * When an experiment is to be looked at, in ms since 1970 UTC: evenly over the maximum runtime, the last at its end. Empty where it may be looked at
 * any time, or has not begun.
 */
export function plannedLooksMs({ stopping, runtime }: JudgedExperiment, { enrolledAtMs }: JudgedRecord): number[] {
  if (stopping.rule === 'always-valid' || enrolledAtMs === null) return [];
  const count = looksOf(stopping);
  return Array.from({ length: count }, (_, index) =>
    Math.round(enrolledAtMs + (runtime.maximumMs * (index + 1)) / count),
  );
}

export function looksOf(stopping: StoppingRule): number {
  return stopping.rule === 'group-sequential' ? stopping.looks : 1;
}

/**
 * The looks that have come by `asOfMs`. They depend on nothing but the calendar and the number of units, so asking again gives the same looks, at the same
 * moments, on the same outcomes; between two looks nothing new is read.
 *
 * @param isFullAtMs when as many units had matured as were planned, in ms since 1970 UTC: that look is the last; null: they have not, or none were planned
 */
export function dueLooks(
  definition: JudgedExperiment,
  record: JudgedRecord,
  { asOfMs, isFullAtMs }: { readonly asOfMs: number; readonly isFullAtMs: number | null },
): LookTime[] {
  const planned = plannedLooksMs(definition, record);
  const endMs = Math.min(isFullAtMs ?? Number.POSITIVE_INFINITY, planned.at(-1) ?? Number.POSITIVE_INFINITY);
  const before = planned
    .map((atMs, index) => ({ atMs, spendingFraction: (index + 1) / planned.length }))
    .filter(({ atMs }) => atMs <= asOfMs && atMs < endMs);
  return endMs <= asOfMs ? [...before, { atMs: endMs, spendingFraction: 1 }] : before;
}

/**
 * What may be read: the last of the due looks, with the information of all of them. A look at which an arm has no units is left out: its part of alpha
 * is spent at the next one. Of looks between which nobody matured the last counts: they see the same, and it spends what the others may spend.
 *
 * @param due as `dueLooks` gives them
 */
export function readingAt(
  definition: JudgedExperiment,
  record: JudgedRecord,
  {
    asOfMs,
    due,
    units,
  }: { readonly asOfMs: number; readonly due: readonly LookTime[]; readonly units: readonly MaturedUnits[] },
): Reading {
  if (definition.stopping.rule === 'always-valid') return { kind: 'any-time' };
  const looks = looksOf(definition.stopping);
  const points = due
    .map((time, index) => ({ ...time, information: informationAt(definition, units, index) }))
    .filter(({ information }) => information > 0)
    .filter(({ information }, index, all) => isNews(information, all[index + 1]?.information));
  const last = points.at(-1);
  if (last === undefined) {
    const next = plannedLooksMs(definition, record).find((atMs) => atMs > asOfMs);
    return { kind: 'waiting', nextAtMs: next ?? null, looks };
  }
  return {
    kind: 'look',
    look: points.length,
    looks,
    isLast: last.spendingFraction === 1,
    atMs: last.atMs,
    spendingFractions: points.map(({ spendingFraction }) => spendingFraction),
    information: points.map(({ information }) => information),
  };
}

/** Whether the next look sees more than this one, by more than numerical integration can tell apart. */
function isNews(information: number, next: number | undefined): boolean {
  return next === undefined || (next - information) / next > 2 * SMALLEST_STEP_RATIO;
}

/**
 * Up to and with a look: the smallest harmonic mean of control's units and a treatment's, to which the information about a difference of means is
 * proportional.
 */
function informationAt({ variants, control }: JudgedExperiment, units: readonly MaturedUnits[], look: number): number {
  const upTo = (key: string): number =>
    units.filter((each) => each.variant === key && each.look <= look).reduce((sum, each) => sum + each.units, 0);
  const ofControl = upTo(control);
  const treatments = variants.filter(({ key }) => key !== control).map(({ key }) => upTo(key));
  return Math.min(...treatments.map((count) => (count === 0 || ofControl === 0 ? 0 : 1 / (1 / count + 1 / ofControl))));
}
