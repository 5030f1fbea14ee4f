import type { Command } from 'commander';
import { requireDatabase } from '../../main/configuration.ts';
import { actorOf, changing, type ActorOptions } from '../actor.ts';
import { backupText, checkedText, restoreJson, restoreText } from '../format/backup.ts';
import { askForKnown, type AskedOptions } from '../known-rulesets.ts';
import { UsageError } from '../failures.ts';
import { withPostgres } from '../postgres-failures.ts';
import { isJson, type GlobalOptions, type Shell } from '../shell.ts';

interface DatabaseOptions {
  readonly database?: string;
}

interface RestoreOptions extends DatabaseOptions, ActorOptions, AskedOptions {
  readonly replace?: boolean;
  readonly check?: boolean;
}

const PROGRESS_EVERY_MS = 2_000;

export function addBackupCommands(program: Command, shell: Shell): void {
  program
    .command('backup <file>')
    .description('write the whole control store into one file, as it is at one moment; everything goes on meanwhile')
    .option('--database <url>', 'the PostgreSQL that holds the control store (DATABASE_URL)')
    .addHelpText(
      'after',
      `
Examples:
  umpire backup control-store-$(date +%F).backup
  umpire backup now.backup --database postgresql://umpire:umpire@127.0.0.1:5432/umpire --json

The events are not in it: docs/operations.md says how they are kept.`,
    )
    .action((file: string, options: DatabaseOptions, command: Command) =>
      shell.answer(command, async () => {
        const { createBackup } = await import('../../control-store/backup/create-backup.ts');
        const url = databaseOf(options, shell);
        const onProgress = progressOf(shell, command, 'read');
        const summary = await withPostgres(url, () => createBackup({ url, file, onProgress }));
        return { json: { file, ...summary }, text: backupText(file, summary) };
      }),
    );
  changing(program.command('restore <file>'))
    .description('put a backup in place of the control store, in one transaction; servers and SDKs go on with it')
    .option('--database <url>', 'the PostgreSQL to restore into (DATABASE_URL)')
    .option('--replace', 'also where the store holds something; that is kept as a schema of another name')
    .option('--check', 'only read the file and say what it holds')
    .option(
      '--last-known-good <folder>',
      "an SDK's dataDirectory, to learn what came after the backup; may be repeated",
      collect,
      [],
    )
    .option('--offline', 'do not ask the server (--server) what came after the backup')
    .addHelpText(
      'after',
      `
Examples:
  umpire restore monday.backup --check
  umpire restore monday.backup --reason "the schema was dropped by mistake"
  umpire restore monday.backup --replace --reason "back to Monday" --last-known-good /var/lib/payments/umpire`,
    )
    .action((file: string, options: RestoreOptions, command: Command) =>
      shell.answer(command, async () =>
        options.check === true ? await check(file) : await restore(file, options, command, shell),
      ),
    );
}

async function check(file: string) {
  const { checkArchive } = await import('../../control-store/backup/archive-reader.ts');
  const summary = await checkArchive(file);
  return { json: { file, ...summary }, text: checkedText(file, summary) };
}

async function restore(file: string, options: RestoreOptions, command: Command, shell: Shell) {
  const actor = actorOf(options);
  const url = databaseOf(options, shell);
  const { restoreBackup } = await import('../../control-store/backup/restore-backup.ts');
  const { clock } = shell.surroundings;
  const { known, asked } = await askForKnown(options, command.optsWithGlobals<GlobalOptions>().server, clock);
  const report = await withPostgres(url, () =>
    restoreBackup({
      url,
      file,
      actor,
      mayReplace: options.replace === true,
      known,
      clock,
      onProgress: progressOf(shell, command, 'restored'),
    }),
  );
  return { json: restoreJson(file, report, asked), text: restoreText(file, report, asked) };
}

function databaseOf({ database }: DatabaseOptions, { surroundings }: Shell): string {
  const url = database ?? requireDatabase(surroundings.configuration);
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new UsageError('--database must be a connection string such as postgresql://user:password@host:5432/umpire');
}

function progressOf({ surroundings }: Shell, command: Command, verb: string) {
  let toldAtMs = surroundings.clock();
  return ({ table, bytes }: { readonly table: string; readonly bytes: number }): void => {
    const nowMs = surroundings.clock();
    if (isJson(command) || nowMs - toldAtMs < PROGRESS_EVERY_MS) return;
    toldAtMs = nowMs;
    surroundings.err(`${verb} ${(bytes / 1_000_000).toFixed(0)} MB, now ${table}`);
  };
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
