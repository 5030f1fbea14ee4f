import { compareWindowLengths, type DesignerInput, type WindowLengthRisk } from '../designs/switchback-designer.ts';
import { minimumDetectableEffect, neededUnits, type PlannedComparison, type PlannedStopping } from './plan.ts';

export interface SwitchbackPlanInput extends DesignerInput {
  readonly stopping: PlannedStopping;
  /** Two-sided. */
  readonly alpha: number;
  readonly power: number;
}

export interface PlannedWindowLength extends WindowLengthRisk {
  /** Windows of all regions together that find the effect; null where what carries over leaves nothing to find. */
  readonly neededWindows: number | null;
  /** How long that takes with the regions of the history, ms. */
  readonly neededMs: number | null;
  /** The smallest effect found in as long a time as the history, per slot, before what carries over takes its part; null where none is. */
  readonly detectable: number | null;
}

/**
 * How long a switchback has to run, for each window length. The designer's simulated experiments, which last as long as the history, give the standard
 * error and how much of the effect carries over into the other arm; the error shrinks with the square root of the number of windows, and what is left of
 * the effect has to be found.
 *
 * Source of the windows' comparison: `compareWindowLengths`; of power: `powerAt`, with windows for units.
 *
 * @returns the lengths with the smallest root mean squared error over a history's time first
 * @throws RangeError for a history or a plan that cannot be
 */
export function planSwitchback(input: SwitchbackPlanInput): readonly PlannedWindowLength[] {
  if (input.effect === 0) throw new RangeError('switchback: the effect must not be 0');
  const carriedOver = new Map(biases(input).map(({ windowMs, bias }) => [windowMs, input.halfLifeMs === 0 ? 0 : bias]));
  return compareWindowLengths(input)
    .map((risk) => {
      const bias = carriedOver.get(risk.windowMs) ?? risk.bias;
      const rootMeanSquaredError = Math.hypot(bias, risk.standardDeviation);
      return planned({ ...risk, bias, rootMeanSquaredError }, input);
    })
    .sort((a, b) => a.rootMeanSquaredError - b.rootMeanSquaredError);
}

/** What carries over does not depend on the outcomes, so it is simulated without their noise. */
function biases(input: SwitchbackPlanInput): readonly WindowLengthRisk[] {
  const history = input.history.map(({ region, values }) => ({ region, values: values.map(() => 0) }));
  return compareWindowLengths({ ...input, history });
}

function planned(risk: WindowLengthRisk, input: SwitchbackPlanInput): PlannedWindowLength {
  const { history, slotMs, effect, stopping, alpha, power } = input;
  const { windowMs, bias, standardDeviation } = risk;
  const windows = history.reduce((sum, { values }) => sum + Math.floor((values.length * slotMs) / windowMs), 0);
  const left = effect + bias;
  const leftRatio = left / effect;
  // Of a difference of two halves of n windows: 2 σ / √n.
  const perWindow = (standardDeviation * Math.sqrt(windows)) / 2;
  if (!(leftRatio > 0) || !(perWindow > 0)) return { ...risk, neededWindows: null, neededMs: null, detectable: null };
  const comparison: PlannedComparison = {
    baseline: { kind: 'mean', mean: 0, standardDeviation: perWindow },
    varianceRemovedRatio: 0,
    shares: { control: 0.5, treatment: 0.5 },
    stopping,
    alpha,
  };
  const neededWindows = neededUnits(comparison, left, power);
  const found = minimumDetectableEffect(comparison, windows, power);
  return {
    ...risk,
    neededWindows,
    neededMs: Math.ceil(neededWindows / history.length) * windowMs,
    detectable: found === null ? null : found / leftRatio,
  };
}
