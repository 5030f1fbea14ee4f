import type { EvaluateResponse } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { Evaluation } from '@third-umpire/sdk';

/** What was decided for one request. */
export interface Decision {
  readonly evaluation: Evaluation;
  /** The unit that was hashed; empty where none was. */
  readonly unitId: string;
  readonly rulesetVersion: number;
}

export function responseOf({ evaluation, unitId, rulesetVersion }: Decision): EvaluateResponse {
  return {
    flagKey: evaluation.flagKey,
    variant: evaluation.variant ?? '',
    value: evaluation.value,
    reason: evaluation.reason,
    experimentKey: evaluation.experimentKey ?? '',
    epoch: evaluation.epoch,
    unitType: evaluation.unitType ?? '',
    unitId,
    rulesetVersion,
    errorCode: evaluation.errorCode,
    errorMessage: evaluation.errorMessage,
  };
}
