import { setTimeout as delay } from 'node:timers/promises';
import { ControlServiceService, type Erasure } from '@third-umpire/proto/umpire/control/v1/control';
import type { Command } from 'commander';
import { actorOf, changing, type ActorOptions } from '../actor.ts';
import { CommandFailure, UsageError } from '../failures.ts';
import { erasureJson, erasureText } from '../format/erasure.ts';
import type { Server } from '../server.ts';
import { isJson, type Answer, type Shell } from '../shell.ts';

interface Options extends ActorOptions {
  readonly device: readonly string[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly wait: boolean;
  readonly receipt?: string;
}

const LOOK_EVERY_MS = 500;

export function addEraseUserCommand(program: Command, shell: Shell): void {
  changing(program.command('erase-user [user-id]'))
    .description('forget a user in every store; cannot be undone, and leaves a receipt that does not say whose it is')
    .option(
      '--device <id>',
      "a device of the user's own, besides those that are linked to the user; may be repeated",
      collect,
      [],
    )
    .option('--dry-run', 'only count what would be erased')
    .option('--yes', 'you know that it cannot be undone')
    .option('--no-wait', 'do not wait until it is finished')
    .option('--receipt <erasure-id>', 'show an erasure that was asked for before')
    .addHelpText(
      'after',
      `
Examples:
  umpire erase-user u-4711 --dry-run --reason "ticket 881"
  umpire erase-user u-4711 --device phone-17 --yes --reason "ticket 881"
  umpire erase-user --receipt 0199…

Leave the user's name out of the reason: it is kept. Backups that were made before still hold the user; see docs/operations.md.`,
    )
    .action((userId: string | undefined, options: Options, command: Command) => {
      if (options.receipt !== undefined) {
        const { receipt } = options;
        return shell.ask(command, async (server) => answerOf(await fetchErasure(server, receipt)));
      }
      if (userId === undefined) throw new UsageError('say whom: umpire erase-user USER_ID, or ask for --receipt ID');
      if (options.dryRun !== true && options.yes !== true) {
        throw new UsageError('an erasure cannot be undone: look at it with --dry-run, then give --yes');
      }
      const actor = actorOf(options);
      return shell.ask(command, async (server) => {
        const { erasure } = await server.call(ControlServiceService.eraseUser, {
          userId,
          deviceIds: [...options.device],
          dryRun: options.dryRun === true,
          actor,
        });
        const begun = known(erasure);
        if (!options.wait) return answerOf(begun);
        if (!isJson(command)) {
          shell.surroundings.err(
            `erasure ${begun.erasureId} is under way; it goes on if you stop waiting: umpire erase-user --receipt ${begun.erasureId}`,
          );
        }
        return answerOf(await untilFinished(server, begun.erasureId, shell.surroundings.signal));
      });
    });
}

async function untilFinished(server: Server, erasureId: string, signal: AbortSignal): Promise<Erasure> {
  for (;;) {
    const erasure = await fetchErasure(server, erasureId);
    if (erasure.finishedAt !== undefined) return erasure;
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function fetchErasure(server: Server, erasureId: string): Promise<Erasure> {
  return known((await server.call(ControlServiceService.getErasure, { erasureId })).erasure);
}

function known(erasure: Erasure | undefined): Erasure {
  if (erasure === undefined) throw new CommandFailure('INTERNAL', 'the platform answered without an erasure');
  return erasure;
}

function answerOf(erasure: Erasure): Answer {
  return { json: erasureJson(erasure), text: erasureText(erasure) };
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
