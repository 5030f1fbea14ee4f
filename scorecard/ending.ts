import type { StoppingRule } from '../definitions/experiment.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import type { Effect } from '../estimators/effect.ts';
import { readFutility } from '../estimators/stopping/futility-reading.ts';
import { reachedPower } from '../estimators/stopping/reached-power.ts';
import { spendingBoundaries } from '../estimators/stopping/spending-boundaries.ts';
import { stagewiseInference } from '../estimators/stopping/stagewise-inference.ts';
import { looksOf, type GroupSequential } from '../estimators/stopping/stopping-rule.ts';
import { ruleOf, type ReaderInput } from './interval-reader.ts';
import type { Gate, MetricReadout } from './scorecard.ts';
import { percent, signedPercent } from './wording.ts';

export interface EndingInput extends Pick<ReaderInput, 'stopping' | 'reading' | 'alpha'> {
  /** Of the primary metric. */
  readonly effect: Effect;
  readonly controlMean: number;
  /** Units of both arms together. */
  readonly count: number;
  readonly goodDirection: MetricDefinition['goodDirection'];
  /** As of the always-valid rule. */
  readonly tunedForCount?: number;
}

/** What says that an experiment may end without an answer, where its definition asks for it. */
export function endingOf(input: EndingInput): Pick<MetricReadout, 'futility' | 'reachedPower' | 'afterStopping'> {
  const { stopping, reading, effect, alpha, goodDirection, controlMean, count, tunedForCount } = input;
  const rule = ruleOf(stopping, reading);
  const futility =
    rule.rule === 'group-sequential' && stopping.rule === 'group-sequential' && stopping.futility !== undefined
      ? readFutility({ rule, futility: stopping.futility, effect, alpha, goodDirection })
      : null;
  const tuned = rule.rule === 'always-valid' && tunedForCount !== undefined ? { ...rule, tunedForCount } : rule;
  const { standardError } = effect;
  const target = stopping.target === undefined ? null : stopping.target.effectRatio * controlMean;
  return {
    ...(futility === null ? {} : { futility }),
    ...(rule.rule === 'group-sequential' ? afterStopping(rule, effect, alpha) : {}),
    ...(target === null || target === 0
      ? {}
      : { reachedPower: reachedPower(tuned, { standardError, count, alpha }, target) }),
  };
}

/** Where the effect crosses a boundary, or the last look is over. */
function afterStopping(rule: GroupSequential, effect: Effect, alpha: number): Pick<MetricReadout, 'afterStopping'> {
  const looks = looksOf(rule);
  const boundaries = spendingBoundaries({ ...looks, alpha });
  const isCrossed = Math.abs(effect.estimate) > (boundaries.at(-1) ?? Infinity) * effect.standardError;
  if (!isCrossed && !looks.isFinal) return {};
  const { informationFractions } = looks;
  return { afterStopping: stagewiseInference({ informationFractions, boundaries, effect, alpha }) };
}

/** Whether there is still hope; nothing where nobody asked, or nothing was read. */
export function futilityGates(primaries: readonly MetricReadout[], treatments: number): Gate[] {
  const read = primaries.filter(({ futility }) => futility !== undefined);
  if (read.length === 0) return [];
  const isFutile = read.length === treatments && read.every(({ futility }) => futility?.isFutile === true);
  const reason = read.map(hopeText).join('; ');
  return [{ gate: 'futility', metricKey: read[0]?.metricKey ?? null, status: isFutile ? 'failed' : 'passed', reason }];
}

/** Whether the effect that the definition targets would have been found by now. */
export function powerGates({ target }: StoppingRule, primaries: readonly MetricReadout[], treatments: number): Gate[] {
  const [first] = primaries;
  if (target === undefined || first === undefined) return [];
  const reached = Math.min(...primaries.map(({ reachedPower: power = 0 }) => power));
  const isReached = primaries.length === treatments && reached >= target.power;
  const found = `an effect of ${percent(target.effectRatio)} on ${first.metricKey} would have been found with ${percent(reached)}`;
  const reason = isReached
    ? `${found} by now, and ${percent(target.power)} were wanted`
    : `${found} so far, less than the ${percent(target.power)} that are wanted`;
  return [{ gate: 'target-power', metricKey: first.metricKey, status: isReached ? 'failed' : 'passed', reason }];
}

function hopeText({
  metricKey,
  variant,
  absolute,
  controlMean,
  valueUnit,
  futility,
  goodDirection,
}: MetricReadout): string {
  if (futility === undefined) return '';
  if (futility.boundary === null) return `${metricKey}, ${variant}: too early to give up`;
  const text = (value: number): string =>
    controlMean > 0 ? signedPercent(value / controlMean) : `${value.toPrecision(3)} ${valueUnit}`;
  const which = goodDirection === 'increase' ? 'below' : 'above';
  const end = `the planned end finds ${text(futility.detectableEffect)} with ${percent(futility.power)}`;
  return futility.isFutile
    ? `${metricKey}, ${variant}: ${text(absolute.estimate)} is ${which} the futility boundary of ${text(futility.boundary)}; ${end}, and this is too far from it`
    : `${metricKey}, ${variant}: ${text(absolute.estimate)} has not crossed the futility boundary of ${text(futility.boundary)}`;
}
