import type { StoppingRule } from '../definitions/experiment.ts';
import type { Effect } from '../estimators/effect.ts';
import type { Moments } from '../estimators/moments.ts';
import { readLook, type LookReading, type StoppingRule as LookRule } from '../estimators/stopping/stopping-rule.ts';
import { welch } from '../estimators/welch.ts';
import type { Reading } from './looks.ts';

export interface IntervalReader {
  /** In words. */
  readonly method: string;
  read(effect: Effect): LookReading;
}

export interface ReaderInput {
  readonly stopping: StoppingRule;
  readonly reading: Exclude<Reading, { kind: 'waiting' }>;
  readonly alpha: number;
  readonly control: Moments;
  readonly treatment: Moments;
}

/** How an effect of two arms becomes an interval and a p-value under an experiment's stopping rule. */
export function intervalReader({ stopping, reading, alpha, control, treatment }: ReaderInput): IntervalReader {
  const rule = ruleOf(stopping, reading);
  const degrees = rule.rule === 'always-valid' ? {} : { degreesOfFreedom: welch(control, treatment).degreesOfFreedom };
  const count = control.count + treatment.count;
  return {
    method: methodOf(rule, stopping),
    read: (effect) => readLook(rule, { effect, count, alpha, ...degrees }),
  };
}

export function ruleOf(stopping: StoppingRule, reading: ReaderInput['reading']): LookRule {
  if (reading.kind === 'any-time') return { rule: 'always-valid' };
  if (stopping.rule !== 'group-sequential') return { rule: 'fixed-horizon' };
  const { look, looks, isLast, information, spendingFractions } = reading;
  return {
    rule: 'group-sequential',
    spending: stopping.spending,
    look,
    // A look that found an arm empty was none, and the planned units may come early: the last one that is taken is the last of all.
    looks: isLast ? look : Math.max(looks, look + 1),
    informationFractions: information,
    spendingFractions,
  };
}

function methodOf(rule: LookRule, stopping: StoppingRule): string {
  switch (rule.rule) {
    case 'always-valid':
      return 'asymptotic confidence sequence';
    case 'fixed-horizon':
      return "Welch's t interval, one look";
    case 'group-sequential':
      return `group-sequential interval (${spendingName(stopping)}), look ${rule.look} of ${rule.looks}`;
  }
}

function spendingName(stopping: StoppingRule): string {
  if (stopping.rule !== 'group-sequential') throw new RangeError('interval reader: the rule has no looks');
  return stopping.spending === 'pocock' ? 'Pocock spending' : "O'Brien-Fleming spending";
}
