import type { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { compileRuleset, InvalidRulesetError } from '@third-umpire/sdk';
import { ConflictError } from '../port.ts';

/**
 * A ruleset that SDKs would refuse is never published: it is compiled here first, as they will.
 * @throws ConflictError naming everything that is wrong
 */
export function checkRuleset(ruleset: Ruleset): void {
  try {
    compileRuleset(ruleset);
  } catch (error) {
    if (!(error instanceof InvalidRulesetError)) throw error;
    throw new ConflictError(
      `nothing was changed, because SDKs would refuse the ruleset that follows from it: ${error.problems.slice(0, 10).join('; ')}`,
      { cause: error },
    );
  }
}
