import { ErrorCode, Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { Experiment, Flag, WeightedVariant } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { Evaluation } from './evaluation.ts';

/** Makes the evaluations of one flag: one shared, frozen object for each way in which it can be decided. */
export interface Outcomes {
  serve(variant: string, reason: Reason, source?: OutcomeSource): Evaluation;
  control(reason: Reason, source?: OutcomeSource): Evaluation;
  unitMissing(unitType: string): Evaluation;
}

export interface OutcomeSource {
  readonly unitType: string;
  readonly experiment?: Experiment;
}

export function outcomesOf(flag: Flag): Outcomes {
  const values = new Map<string, unknown>(flag.variants.map(({ key, value }) => [key, deepFreeze(value)]));
  const serve: Outcomes['serve'] = (variant, reason, source) =>
    Object.freeze({
      flagKey: flag.key,
      variant,
      value: values.get(variant),
      reason,
      experimentKey: source?.experiment?.key ?? null,
      epoch: source?.experiment?.epoch ?? 0,
      unitType: source?.unitType ?? null,
      errorCode: ErrorCode.ERROR_CODE_UNSPECIFIED,
      errorMessage: '',
    });
  return {
    serve,
    control: (reason, source) => serve(flag.controlVariant, reason, source),
    unitMissing: (unitType) =>
      failure(
        flag.key,
        ErrorCode.ERROR_CODE_UNIT_MISSING,
        `flag "${flag.key}" is split by "${unitType}", which the context lacks; give it as a text that is not empty`,
      ),
  };
}

/** An evaluation that decides nothing: the caller's default counts. */
export function failure(flagKey: string, errorCode: ErrorCode, errorMessage: string): Evaluation {
  return Object.freeze({
    flagKey,
    variant: null,
    value: undefined,
    reason: Reason.REASON_ERROR,
    experimentKey: null,
    epoch: 0,
    unitType: null,
    errorCode,
    errorMessage,
  });
}

/** Maps a point on [0, 10,000) to the evaluation of the variant that holds it. */
export function splitOf(
  weights: readonly WeightedVariant[],
  evaluationOf: (variant: string) => Evaluation,
): (point: number) => Evaluation {
  const arms = weights.map(({ variant, weightBasisPoints }) => ({
    weightBasisPoints,
    evaluation: evaluationOf(variant),
  }));
  let sum = 0;
  const ends = arms.map(({ weightBasisPoints }) => (sum += weightBasisPoints));
  const evaluations = arms.map(({ evaluation }) => evaluation);
  const [first, second] = evaluations;
  const last = evaluations.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('a split needs at least one variant');
  const [firstEnd = 0] = ends;
  if (second !== undefined && evaluations.length === 2) return (point) => (point < firstEnd ? first : second);
  return (point) => evaluations[ends.findIndex((end) => point < end)] ?? last;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
