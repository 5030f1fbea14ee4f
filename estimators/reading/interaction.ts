import type { Effect } from '../effect.ts';
import { assertArm, type Moments } from '../moments.ts';

/** The units of two experiments that run at the same time, by the arms of both. */
export interface InteractionCells {
  /** Control and treatment of the experiment that is read, among units in control of the other. */
  readonly withoutOther: { readonly control: Moments; readonly treatment: Moments };
  /** The same among units in an arm of the other. */
  readonly withOther: { readonly control: Moments; readonly treatment: Moments };
}

export interface Interaction {
  /** How much the other experiment changes the effect: the effect with it minus the effect without it, in the unit of the values. */
  readonly effect: Effect;
  /** Welch–Satterthwaite, over the four cells. */
  readonly degreesOfFreedom: number;
  /** Units of all four cells. */
  readonly count: number;
}

/**
 * Interaction of two experiments on the same units: the difference of the differences of four means, with a standard error for unequal
 * variances. It equals the interaction of a saturated regression with HC2 standard errors. The order of the two experiments does not matter.
 *
 * Source: R. A. Fisher, The Design of Experiments (1935), chapter VI (factorial designs); R. Kohavi, D. Tang, Y. Xu, Trustworthy Online Controlled
 * Experiments (2020), chapter 4 (concurrent experiments); J. G. MacKinnon, H. White, Journal of Econometrics 29 (1985), 305–325 (HC2); B. L. Welch,
 * Biometrika 38 (1951), 330–336 (degrees of freedom of a contrast).
 *
 * @throws RangeError for fewer than two units in a cell, or where no value varies in any of them
 */
export function interaction({ withoutOther, withOther }: InteractionCells): Interaction {
  const cells = [
    { of: withOther.treatment, sign: 1, name: 'treatment with the other experiment' },
    { of: withOther.control, sign: -1, name: 'control with the other experiment' },
    { of: withoutOther.treatment, sign: -1, name: 'treatment without the other experiment' },
    { of: withoutOther.control, sign: 1, name: 'control without the other experiment' },
  ];
  for (const { of, name } of cells) assertArm('interaction', name, of);
  const squares = cells.map(({ of }) => of.variance / of.count);
  const variance = squares.reduce((sum, square) => sum + square, 0);
  if (variance === 0)
    throw new RangeError('interaction: no value varies in any cell, so there is nothing to compare with');
  const freedom = cells.reduce(
    (sum, { of }, index) => sum + ((squares[index] ?? 0) / variance) ** 2 / (of.count - 1),
    0,
  );
  return {
    effect: {
      estimate: cells.reduce((sum, { of, sign }) => sum + sign * of.mean, 0),
      standardError: Math.sqrt(variance),
    },
    degreesOfFreedom: 1 / freedom,
    count: cells.reduce((sum, { of }) => sum + of.count, 0),
  };
}
