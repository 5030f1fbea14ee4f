import { RulesetServiceService } from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import type { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { Server } from './server.ts';

/** What SDKs are served now. */
export async function fetchRuleset(server: Server): Promise<Ruleset> {
  const { ruleset } = await server.call(RulesetServiceService.getSnapshot, {});
  if (ruleset === undefined) throw new Error('the platform answered without a ruleset');
  return ruleset;
}
