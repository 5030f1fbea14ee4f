import type { Spending } from '../../estimators/stopping/spending.ts';
import { FEW_OUTCOMES } from '../../estimators/stopping/rarer-outcome.ts';
import type { ExperimentRequest } from './request.ts';

/** How the numbers came to be, a sentence each. */
export function methodsInWords(request: ExperimentRequest): readonly string[] {
  const level = `${Number((100 * (1 - request.alpha)).toPrecision(6))} %`;
  return [
    stoppingInWords(request, level),
    ...futilityInWords(request),
    ...exactInWords(request),
    ...designInWords(request),
    ...covariatesInWords(request),
    correctionInWords(request),
    BAYESIAN,
  ];
}

const BAYESIAN =
  'The chance to beat control and the expected loss are Bayesian with a flat prior, for one look: whoever stops when they look good errs more often than they say.';

function stoppingInWords({ stopping, alpha }: ExperimentRequest, level: string): string {
  switch (stopping.rule) {
    case 'always-valid':
      return `Intervals are ${level} confidence sequences: they hold at every look, however often one looks and whenever one stops.`;
    case 'group-sequential':
      return `Intervals are those of look ${stopping.look} of ${stopping.looks} planned ones, with ${spendingInWords(stopping.spending)} spending: all looks together err in at most ${Number((100 * alpha).toPrecision(6))} % of experiments.`;
    case 'fixed-horizon':
      return `Intervals are ${level} intervals by Student's t for one look that was fixed in advance; whoever looks more often errs more often.`;
  }
}

function exactInWords({ stopping, sequences = 'auto', design, metrics }: ExperimentRequest): string[] {
  if (stopping.rule !== 'always-valid' || design.kind !== 'user' || sequences === 'asymptotic') return [];
  const hasProportion = metrics.some(({ type }) => type === 'proportion');
  const hasQuantile = metrics.some(({ type }) => type === 'quantile');
  const which =
    sequences === 'exact'
      ? 'Proportions'
      : `Proportions with fewer than ${FEW_OUTCOMES} successes, or failures, in an arm`;
  return [
    ...(hasProportion
      ? [
          `${which} are read by sequences that are exact in finite samples: the test and the relative effect from the arms of the rarer outcome (Lindon and Malek), the difference from products of beta-binomial mixtures; without covariates.`,
        ]
      : []),
    ...(hasQuantile && sequences === 'exact'
      ? ['Quantiles are read by sequences of order statistics that are exact for any distribution (Howard and Ramdas).']
      : []),
  ];
}

function futilityInWords({ futility, stopping }: ExperimentRequest): string[] {
  if (futility === undefined || stopping.rule !== 'group-sequential' || stopping.look === stopping.looks) return [];
  const power = `${Number((100 * futility.power).toPrecision(6))} %`;
  return [
    `The futility boundary spends ${spendingInWords(futility.spending)} what is left of ${power} power; it does not bind: the intervals hold whether anybody obeys or not.`,
  ];
}

function designInWords({ design }: ExperimentRequest): string[] {
  switch (design.kind) {
    case 'user':
      return [];
    case 'cluster':
      return [
        `What was randomized is ${design.cluster}: standard errors are cluster-robust with a correction for few clusters (CR2, Bell-McCaffrey degrees of freedom; with covariates and for quantiles the delta method over cluster sums).`,
      ];
    case 'switchback':
      return [
        `What was randomized is ${design.region} × ${design.window}: effects are slopes of a weighted regression with one level per region and window (per region only where all regions switch together), and standard errors allow for windows of a region that depend on each other (Newey-West).`,
      ];
  }
}

function spendingInWords(spending: Spending): string {
  if (typeof spending === 'string') return spending;
  return spending.family === 'power'
    ? `power family (rho = ${spending.rho})`
    : `Hwang-Shih-DeCani (gamma = ${spending.gamma})`;
}

function covariatesInWords({ covariates, postStratify, predictors = [] }: ExperimentRequest): string[] {
  const strata =
    postStratify === undefined
      ? []
      : [
          `Arms are compared within each ${postStratify}, and the differences averaged by how many units each has (post-stratification).`,
        ];
  const predicted =
    predictors.length === 0
      ? []
      : [
          `Each metric is predicted from ${predictors.join(', ')} by ridge regressions on the other four fifths of the units, and the prediction is a covariate (CUPAC).`,
        ];
  if (covariates.length === 0) return [...strata, ...predicted];
  return [
    ...strata,
    ...predicted,
    `Effects are adjusted by what was known before (CUPED with ${covariates.join(', ')}); it removes noise and moves no mean.`,
  ];
}

const CORRECTIONS = {
  bh: 'by Benjamini-Hochberg (false discovery rate)',
  by: 'by Benjamini-Yekutieli (false discovery rate under any dependence)',
  holm: 'by Holm (family-wise error)',
  none: '',
} as const;

function correctionInWords({ correction, metrics }: ExperimentRequest): string {
  const primary = `The first metric, ${metrics[0]?.expression ?? ''}, is the primary one.`;
  if (correction === 'none') return `${primary} p-values are not corrected for the number of comparisons.`;
  return `${primary} p-values are corrected ${CORRECTIONS[correction]}: over the arms of the primary metric, over all comparisons of the other metrics, and over all segments.`;
}
