import { ControlServiceService, DefinitionKind } from '@third-umpire/proto/umpire/control/v1/control';
import type { Command } from 'commander';
import { UsageError } from '../failures.ts';
import { table } from '../format/table.ts';
import type { Shell } from '../shell.ts';

const MAX_LIMIT = 1_000;

export function addAuditCommand(program: Command, shell: Shell): void {
  program
    .command('audit [key]')
    .description('what was changed, by whom, when and why; newest first')
    .option('--limit <count>', `at most this many, 1 to ${MAX_LIMIT}`, '100')
    .addHelpText('after', '\nExamples:\n  umpire audit\n  umpire audit wallet_prompt --limit 10 --json')
    .action((key: string | undefined, options: { limit: string }, command: Command) => {
      const limit = limitOf(options.limit);
      return shell.ask(command, async (server) => {
        const kind = DefinitionKind.DEFINITION_KIND_UNSPECIFIED;
        const { entries } = await server.call(ControlServiceService.listAudit, { kind, key: key ?? '', limit });
        const rows = entries.map(({ at, actor, action, subject, reason }) => {
          return [at?.toISOString() ?? '', actor, action, subject, reason];
        });
        const none = key === undefined ? 'nothing was changed yet' : `nothing was changed about "${key}"`;
        return {
          json: entries.map(({ detailJson, ...entry }) => ({ ...entry, detail: JSON.parse(detailJson) as unknown })),
          text: table(['at', 'who', 'what', 'key', 'why'], rows, none),
        };
      });
    });
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new UsageError(`--limit must be a whole number from 1 to ${MAX_LIMIT}, got "${text}"`);
}
