import { ESTIMANDS, type MethodEstimate, type MethodName } from './methods/method.ts';
import type { Estimand } from '../estimators/observational/columns.ts';

/** A method with what can be known of it without looking at its estimate. */
export interface Candidate {
  readonly method: MethodName;
  readonly estimate: MethodEstimate | null;
  readonly largestDifference: number | null;
}

/** The order in which methods are preferred where all of them do. */
const PREFERRED: readonly MethodName[] = ['aipw', 'entropy-balancing', 'psm', 'ipw', 'subclassification', 'cem'];
const BALANCED = 0.1;
const ENOUGH_CONTROLS = 100;
const LARGEST_SHARE = 0.05;
/** The doubly robust estimate has two predictions to learn. */
const UNITS_TO_LEARN_FROM = 500;

/**
 * Chooses a method by balance, effective numbers and overlap alone: never by the estimate, or the choice would be a search for a result. The first preferred one
 * that balances every covariate to 0.1 standard deviations without resting on few controls; else the one that balances best.
 */
export function chooseMethod(
  candidates: readonly Candidate[],
  estimand: Estimand,
  treatedCount: number,
): { readonly method: MethodName; readonly reason: string } | null {
  const possible = candidates.filter(
    ({ method, estimate }) => estimate !== null && ESTIMANDS[method].includes(estimand),
  );
  const sound = PREFERRED.flatMap((method) => {
    const candidate = possible.find((each) => each.method === method);
    return candidate !== undefined && isSound(candidate, treatedCount) ? [candidate] : [];
  });
  const [first] = sound;
  if (first !== undefined) return { method: first.method, reason: reasonOf(first) };
  const [best] = possible
    .filter(({ largestDifference }) => largestDifference !== null)
    .toSorted((a, b) => (a.largestDifference ?? Infinity) - (b.largestDifference ?? Infinity));
  if (best === undefined) return null;
  return {
    method: best.method,
    reason: `No method balances every covariate to ${BALANCED} standard deviations with enough controls; ${best.method} balances them best (${digits(best.largestDifference)}). It was chosen without looking at any estimate.`,
  };
}

function isSound({ method, estimate, largestDifference }: Candidate, treatedCount: number): boolean {
  if (estimate === null || largestDifference === null) return false;
  if (method === 'aipw' && treatedCount < UNITS_TO_LEARN_FROM) return false;
  const enough = Math.min(ENOUGH_CONTROLS, estimate.treatedCount);
  return (
    largestDifference <= BALANCED &&
    estimate.effectiveControlCount >= enough &&
    estimate.largestShare <= LARGEST_SHARE &&
    estimate.leftOutTreatedCount <= 0.1 * treatedCount
  );
}

const WHY: Readonly<Record<MethodName, string>> = {
  aipw: 'it is right when either the outcomes or the propensities are predicted well, and uses every unit',
  'entropy-balancing': 'it balances the means of all covariates exactly and keeps the weights as even as can be',
  psm: 'it compares each treated unit with the controls nearest to it',
  ipw: 'it weights every control by its odds of having been treated',
  subclassification: 'it compares units of like propensity in classes',
  cem: 'it compares only units in the same cell of all covariates',
  regression: 'it predicts what would have happened',
};

function reasonOf({ method, estimate, largestDifference }: Candidate): string {
  return `${method} was chosen, without looking at any estimate: ${WHY[method]}; no covariate differs by more than ${digits(largestDifference)} standard deviations afterwards, and the controls count as ${Math.round(estimate?.effectiveControlCount ?? 0)} independent ones.`;
}

function digits(value: number | null): string {
  return (value ?? 0).toFixed(3);
}
