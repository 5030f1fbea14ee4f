import { combinedMoments, momentsAt, type JointMoments } from '../joint-moments.ts';
import type { Moments } from '../moments.ts';
import { welch, type WelchResult } from '../welch.ts';

/** The effect over the days since exposure, each a Welch comparison of one number per unit. */
export interface EffectTrend {
  readonly dayCount: number;
  /** Change of the effect per day: the difference of the arms' mean slopes. */
  readonly slope: WelchResult;
  /** The mean effect per day over the first half of the days (the middle day of an odd number belongs to neither). */
  readonly firstHalf: WelchResult;
  /** The same over the second half: what is left once a novelty has worn off. */
  readonly secondHalf: WelchResult;
}

/** The arms' moments of one contrast over days. */
export interface TrendContrast {
  readonly control: Moments;
  readonly treatment: Moments;
}

/**
 * Novelty and primacy: how the effect changes over days since exposure. Each unit is its own measure: the least-squares slope of its days, and its
 * means over the first and second half. Days of one unit depend on each other; as only one number per unit enters, no assumption about that is
 * needed. An effect whose slope points against it fades (novelty); one whose slope points with it grows (primacy, learning).
 *
 * Source: J. N. S. Matthews, D. G. Altman, M. J. Campbell, P. Royston, "Analysis of serial measurements in medical research", BMJ 300 (1990), 230–235
 * (summary measures); R. Kohavi, D. Tang, Y. Xu, Trustworthy Online Controlled Experiments (2020), chapter 3 (primacy and novelty). With all days of all
 * units it equals the arm × day coefficient of a regression clustered by unit.
 *
 * @param control one number per unit for each day since exposure (0, 1, 2 …), over units that had all of these days
 * @throws RangeError for fewer than three days, another number of days in the arms, or where nothing varies
 */
export function effectTrend(control: JointMoments, treatment: JointMoments, alpha = 0.05): EffectTrend {
  const { slope, firstHalf, secondHalf } = trendContrasts(control, treatment);
  const read = (contrast: TrendContrast): WelchResult => welch(contrast.control, contrast.treatment, alpha);
  return {
    dayCount: control.means.length,
    slope: read(slope),
    firstHalf: read(firstHalf),
    secondHalf: read(secondHalf),
  };
}

/** The same before any test, for readers with a stopping rule of their own. */
export function trendContrasts(
  control: JointMoments,
  treatment: JointMoments,
): Readonly<Record<'slope' | 'firstHalf' | 'secondHalf', TrendContrast>> {
  const dayCount = control.means.length;
  if (treatment.means.length !== dayCount)
    throw new RangeError(`trend: control has ${dayCount} days and treatment ${treatment.means.length}`);
  if (dayCount < 3) throw new RangeError(`trend: needs at least 3 days, got ${dayCount}`);
  const days = control.means.map((_, day) => day);
  const middle = (dayCount - 1) / 2;
  const spread = days.reduce((sum, day) => sum + (day - middle) ** 2, 0);
  const half = Math.floor(dayCount / 2);
  const weights = [
    days.map((day) => (day - middle) / spread),
    days.map((day) => (day < half ? 1 / half : 0)),
    days.map((day) => (day >= dayCount - half ? 1 / half : 0)),
  ];
  const [ofControl, ofTreatment] = [control, treatment].map((arm) => combinedMoments(arm, weights, [0, 0, 0]));
  if (ofControl === undefined || ofTreatment === undefined) throw new RangeError('trend: needs two arms');
  const at = (index: number): TrendContrast => ({
    control: momentsAt(ofControl, index),
    treatment: momentsAt(ofTreatment, index),
  });
  return { slope: at(0), firstHalf: at(1), secondHalf: at(2) };
}
