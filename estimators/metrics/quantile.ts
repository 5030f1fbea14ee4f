import { combinedMoments, momentsAt, type JointMoments } from '../joint-moments.ts';
import { assertArm } from '../moments.ts';
import { linearizedRatios } from './ratio.ts';

/** How far around the share, in its standard errors, the quantiles are taken that tell how steep the distribution is. */
const STEPS = 1;

/** Rows at or below the quantile over rows. */
const ROWS_BELOW = { numerator: 0, denominator: 1 };

/** The two shares at whose quantiles the distribution's steepness is read. */
export interface SharesAround {
  readonly lower: number;
  readonly upper: number;
  /** Of the share of rows at or below the quantile, clustered by unit. */
  readonly standardError: number;
}

/**
 * Which quantiles of an arm's rows have to be asked for to tell the standard error of another: the share of rows at or below the quantile is
 * a ratio over units, so that its standard error allows for rows of one unit that resemble each other.
 *
 * Sources: R. S. Woodruff, "Confidence intervals for medians and other position measures", Journal of the American Statistical Association
 * 47 (1952), 635–646; A. Deng, U. Knoblich, J. Lu, KDD 2018, section 4.2.
 *
 * @param arm per unit (or cluster): rows at or below the quantile, rows, then any others
 * @param share the quantile's share, in (0, 1)
 * @throws RangeError where there are too few rows for the shares to lie within (0, 1)
 */
export function sharesAround(arm: JointMoments, share: number): SharesAround {
  if (!(share > 0 && share < 1)) throw new RangeError(`quantile: the share must lie between 0 and 1, got ${share}`);
  const moments = momentsAt(linearizedRatios(arm, [ROWS_BELOW]), 0);
  assertArm('quantile', 'the arm', moments);
  const standardError = Math.sqrt(moments.variance / moments.count);
  const [lower, upper] = [share - STEPS * standardError, share + STEPS * standardError];
  if (!(lower > 0 && upper < 1) || standardError === 0)
    throw new RangeError(
      `quantile: ${arm.count} units are too few for the quantile at ${share}; its share has a standard error of ${standardError}`,
    );
  return { lower, upper, standardError };
}

/**
 * A quantile as a mean of one number per unit: l_i = q − (s_i − s̄) / f, with s the linearized share of rows at or below q and f the density
 * at q, read from the quantiles at `sharesAround`. The mean of l is q, and var(l) / count its variance.
 *
 * @param shares per unit: the linearized share of rows at or below q (`linearizedRatios`), then others, which are kept
 * @param valueAt the quantile itself and those at the two shares
 * @throws RangeError where the distribution has a step there: rows are all alike, so that no standard error can be given
 */
export function linearizedQuantile(
  shares: JointMoments,
  around: SharesAround,
  valueAt: { readonly quantile: number; readonly lower: number; readonly upper: number },
): JointMoments {
  const spread = valueAt.upper - valueAt.lower;
  if (!(spread > 0)) throw new RangeError(`quantile: the rows around ${valueAt.quantile} are all alike`);
  const perShare = spread / (around.upper - around.lower);
  const weights = shares.means.map((_, row) =>
    shares.means.map((__, column) => (row === column ? (row === 0 ? -perShare : 1) : 0)),
  );
  const constant = valueAt.quantile + perShare * (shares.means[0] ?? 0);
  return combinedMoments(shares, weights, [constant, ...shares.means.slice(1).map(() => 0)]);
}
