import type { EvaluateRequest, EvaluateResponse } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { EvaluateOptions } from '@third-umpire/sdk';
import { IdentityLinks } from '@third-umpire/sdk/client/identity-links';
import { InvalidRequestError } from '../failures.ts';
import type { PublishedRulesets } from '../published-rulesets.ts';
import { DecisionCounts } from '../statistics/decision-counts.ts';
import { contextOf } from './context.ts';
import { responseOf, type Decision } from './decision.ts';

/** Decides by the same code as the SDK, so that remote and local answers agree. */
export class Evaluator {
  readonly links = new IdentityLinks();
  readonly counts = new DecisionCounts();
  readonly options: EvaluateOptions = Object.freeze({ hashedUserAs: this.links.deviceOf });
  readonly #rulesets: Pick<PublishedRulesets, 'current'>;

  constructor(rulesets: Pick<PublishedRulesets, 'current'>) {
    this.#rulesets = rulesets;
  }

  get ruleset(): PublishedRulesets['current'] {
    return this.#rulesets.current;
  }

  /** @throws InvalidRequestError */
  decide(request: EvaluateRequest): Decision {
    if (request.flagKey === '') throw new InvalidRequestError('flag_key', 'is empty; name the flag');
    const ruleset = this.#rulesets.current;
    const context = contextOf(request);
    const evaluation = ruleset.evaluate(request.flagKey, context, this.options);
    this.counts.add(evaluation.reason);
    const unitId = ruleset.unitIdOf(evaluation, context, this.options) ?? '';
    return { evaluation, unitId, rulesetVersion: ruleset.version };
  }

  /** @throws InvalidRequestError */
  evaluate(request: EvaluateRequest): EvaluateResponse {
    return responseOf(this.decide(request));
  }
}
