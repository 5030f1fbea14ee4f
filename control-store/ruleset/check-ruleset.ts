import type { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';

/** A ruleset that SDKs would refuse is never published. */
export function checkRuleset(_ruleset: Ruleset): void {}
