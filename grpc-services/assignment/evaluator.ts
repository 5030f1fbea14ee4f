import type { EvaluateRequest, EvaluateResponse } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { EvaluateOptions, Evaluation } from '@third-umpire/sdk';
import { IdentityLinks } from '@third-umpire/sdk/client/identity-links';
import { InvalidRequestError } from '../failures.ts';
import type { PublishedRulesets } from '../published-rulesets.ts';
import { contextOf } from './context.ts';

/** Decides by the same code as the SDK, so that remote and local answers agree. */
export class Evaluator {
  readonly links = new IdentityLinks();
  readonly options: EvaluateOptions = Object.freeze({ hashedUserAs: this.links.deviceOf });
  readonly #rulesets: Pick<PublishedRulesets, 'current'>;

  constructor(rulesets: Pick<PublishedRulesets, 'current'>) {
    this.#rulesets = rulesets;
  }

  get ruleset(): PublishedRulesets['current'] {
    return this.#rulesets.current;
  }

  /** @throws InvalidRequestError */
  evaluate(request: EvaluateRequest): EvaluateResponse {
    if (request.flagKey === '') throw new InvalidRequestError('flag_key', 'is empty; name the flag');
    const ruleset = this.#rulesets.current;
    const context = contextOf(request);
    const evaluation = ruleset.evaluate(request.flagKey, context, this.options);
    return responseOf(evaluation, ruleset.unitIdOf(evaluation, context, this.options), ruleset.version);
  }
}

export function responseOf(evaluation: Evaluation, unitId: string | null, rulesetVersion: number): EvaluateResponse {
  return {
    flagKey: evaluation.flagKey,
    variant: evaluation.variant ?? '',
    value: evaluation.value,
    reason: evaluation.reason,
    experimentKey: evaluation.experimentKey ?? '',
    epoch: evaluation.epoch,
    unitType: evaluation.unitType ?? '',
    unitId: unitId ?? '',
    rulesetVersion,
    errorCode: evaluation.errorCode,
    errorMessage: evaluation.errorMessage,
  };
}
