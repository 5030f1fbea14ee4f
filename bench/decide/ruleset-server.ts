import { Server, ServerCredentials } from '@grpc/grpc-js';
import { applyDelta, compileRuleset } from '@third-umpire/sdk';
import { pino } from 'pino';
import type { RulesetListener } from '../../grpc-services/published-rulesets.ts';
import { createRulesetService, RULESET_SERVICE } from '../../grpc-services/ruleset/service.ts';
import { largeRuleset, nextDelta } from './large-ruleset.ts';

/** What the server tells its parent: where it listens, and when (monotonic, shared by all processes) it published a version. */
export type ServerMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'published'; readonly version: number; readonly atNs: string };

/** The real ruleset service over a ruleset in memory: publishes a delta for each message from the parent. */
function main(): void {
  const listeners = new Set<RulesetListener>();
  const rulesets = {
    current: compileRuleset(largeRuleset(Number(process.argv[2]))),
    listen: (listener: RulesetListener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const server = new Server();
  const draining = new AbortController().signal;
  const logger = pino({ level: 'silent' });
  server.addService(RULESET_SERVICE, createRulesetService({ rulesets, logger, clock: Date.now, draining }));
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) throw error;
    tell({ kind: 'listening', port });
  });
  process.on('message', () => {
    const delta = nextDelta(rulesets.current.ruleset);
    rulesets.current = compileRuleset(applyDelta(rulesets.current.ruleset, delta), rulesets.current);
    tell({ kind: 'published', version: delta.version, atNs: String(process.hrtime.bigint()) });
    for (const listener of listeners) listener(rulesets.current, delta);
  });
  process.on('disconnect', () => process.exit());
}

function tell(message: ServerMessage): void {
  process.send?.(message);
}

main();
