import { ControlServiceService, DefinitionKind } from '@third-umpire/proto/umpire/control/v1/control';
import type { Command } from 'commander';
import { actorOf, changing, type ActorOptions } from '../actor.ts';
import { didYouMean } from '../../definitions/suggestion.ts';
import { UsageError } from '../failures.ts';
import type { Shell } from '../shell.ts';

const TARGETS = ['experiment', 'flag'];

export function addKillCommands(program: Command, shell: Shell): void {
  changing(program.command('kill <experiment|flag> <key>'))
    .description('serve control to everybody at once; needs neither Temporal nor the warehouse')
    .addHelpText(
      'after',
      `
Examples:
  umpire kill flag upi_retry --reason "deposits fail since 20:14"
  umpire kill experiment wallet_prompt --reason "complaints" --actor oncall`,
    )
    .action((target: string, key: string, options: ActorOptions, command: Command) => {
      if (!TARGETS.includes(target)) {
        throw new UsageError(
          `"${target}" cannot be killed${didYouMean(target, TARGETS)}; write: umpire kill experiment KEY, or umpire kill flag KEY`,
        );
      }
      const actor = actorOf(options);
      const isFlag = target === 'flag';
      const kind = isFlag ? DefinitionKind.DEFINITION_KIND_FLAG : DefinitionKind.DEFINITION_KIND_EXPERIMENT;
      return shell.ask(command, async (server) => {
        const killed = await server.aboutKey(kind, key, () =>
          server.call(ControlServiceService.kill, {
            target: isFlag ? { $case: 'flagKey', value: key } : { $case: 'experimentKey', value: key },
            actor,
          }),
        );
        const text = `${target} ${key} serves control from ruleset ${killed.rulesetVersion} on.\nTo end the kill: umpire revoke ${killed.killId} --reason "…"`;
        return { json: killed, text };
      });
    });
  changing(program.command('revoke <kill-id>'))
    .description('end a kill')
    .addHelpText(
      'after',
      '\nExample:\n  umpire revoke 0198… --reason "the provider is back"\n\n"umpire flag get KEY" shows the ids of the kills in force.',
    )
    .action((killId: string, options: ActorOptions, command: Command) => {
      const actor = actorOf(options);
      return shell.ask(command, async (server) => {
        const { rulesetVersion } = await server.call(ControlServiceService.revokeKill, { killId, actor });
        return { json: { killId, rulesetVersion }, text: `kill ${killId} ended with ruleset ${rulesetVersion}` };
      });
    });
}
