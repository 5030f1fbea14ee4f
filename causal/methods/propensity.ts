import { logisticRegression, type LogisticFit } from '../../estimators/observational/propensity/logistic-regression.ts';
import { logits, probabilities } from '../../estimators/observational/propensity/propensity-scores.ts';
import { SeparationError } from '../../estimators/observational/propensity/separation-error.ts';
import type { Study } from '../study/study.ts';

export interface Propensity {
  readonly fit: LogisticFit;
  readonly logit: Float64Array;
  readonly probability: Float64Array;
  /** Why it is not the plain logistic regression; null: it is. */
  readonly note: string | null;
}

/** One unit's worth of belief that a standardized covariate tells nothing. */
const RIDGE = 1;

/** The propensity of each unit; where covariates tell the groups apart completely, with a ridge, and said so. */
export function propensityOf({ covariates, treatment }: Study, signal?: AbortSignal): Propensity {
  const watch = signal === undefined ? {} : { signal };
  try {
    return described(logisticRegression(covariates, treatment, watch), null);
  } catch (error) {
    if (!(error instanceof SeparationError)) throw error;
    const note = `the groups are (almost) completely told apart by "${error.column}", alone or with other columns: propensities are those of a ridge regression`;
    return described(logisticRegression(covariates, treatment, { ridge: RIDGE, ...watch }), note);
  }

  function described(fit: LogisticFit, note: string | null): Propensity {
    const logit = logits(covariates, fit);
    return { fit, logit, probability: probabilities(logit), note };
  }
}
