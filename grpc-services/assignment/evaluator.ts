import type { EvaluateRequest, EvaluateResponse } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { EvaluateOptions } from '@third-umpire/sdk';
import { IdentityLinks } from '@third-umpire/sdk/client/identity-links';
import { DecisionClock } from '@third-umpire/sdk/evaluation/window';
import { InvalidRequestError } from '../failures.ts';
import type { PublishedRulesets } from '../published-rulesets.ts';
import { DecisionCounts } from '../statistics/decision-counts.ts';
import { contextOf } from './context.ts';
import { responseOf, type Decision } from './decision.ts';

/** Decides by the same code as the SDK, so that remote and local answers agree. */
export class Evaluator {
  readonly links = new IdentityLinks();
  readonly counts = new DecisionCounts();
  readonly options: EvaluateOptions;
  readonly #clock: DecisionClock;
  readonly #rulesets: Pick<PublishedRulesets, 'current'>;

  /** @param clock ms since 1970 UTC */
  constructor(rulesets: Pick<PublishedRulesets, 'current'>, clock: () => number) {
    this.#rulesets = rulesets;
    this.#clock = new DecisionClock(clock);
    this.options = Object.freeze({ hashedUserAs: this.links.deviceOf, clock: this.#clock.now });
  }

  get ruleset(): PublishedRulesets['current'] {
    return this.#rulesets.current;
  }

  /** @throws InvalidRequestError */
  decide(request: EvaluateRequest): Decision {
    if (request.flagKey === '') throw new InvalidRequestError('flag_key', 'is empty; name the flag');
    const ruleset = this.#rulesets.current;
    const context = contextOf(request);
    this.#clock.begin();
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
