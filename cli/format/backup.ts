import type { Kill } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { BackupSummary, TableCount } from '../../control-store/backup/archive-format.ts';
import type { RestoreReport } from '../../control-store/backup/restore-backup.ts';
import type { Asked } from '../known-rulesets.ts';
import { table } from './table.ts';

export function backupText(file: string, summary: BackupSummary): string {
  return `${file}: ruleset ${summary.header.rulesetVersion}, ${summary.bytes.toLocaleString('en')} bytes\n${tablesText(summary.tables)}\nTo look at it: umpire restore ${file} --check`;
}

export function checkedText(file: string, { header, tables, sha256 }: BackupSummary): string {
  return `${file} is whole: made ${instant(header.createdAtMs)}, ruleset ${header.rulesetVersion}, sha256 ${sha256}\n${tablesText(tables)}`;
}

export function restoreJson(file: string, report: RestoreReport, asked: readonly Asked[]): object {
  const { newerKills, revokedKills, ...since } = report.since;
  return {
    file,
    ...report,
    since: { ...since, newerKills: newerKills.map(killJson), revokedKills: revokedKills.map(killJson) },
    asked,
  };
}

export function restoreText(file: string, report: RestoreReport, asked: readonly Asked[]): string {
  const { backupCreatedAtMs, backupVersion, version, replacedSchema, since } = report;
  const lines = [
    `${file} of ${instant(backupCreatedAtMs)} is restored: ruleset ${version} is in force.`,
    ...asked.map(({ source, version: held, problem }) =>
      held === null ? `${source} could not be asked: ${problem}` : `${source} holds ruleset ${held}`,
    ),
    ...(replacedSchema === null
      ? []
      : [`What was there before is kept as the schema ${replacedSchema}; drop it when you no longer need it.`]),
    ...sinceLines(backupVersion, backupCreatedAtMs, version, since),
    'Workflows in Temporal go on from where they are: compare "umpire experiment list" with Temporal\'s UI, and end those that no longer fit.',
    tablesText(report.tables),
  ];
  return lines.join('\n');
}

function sinceLines(
  backupVersion: number,
  createdAtMs: number,
  version: number,
  since: RestoreReport['since'],
): string[] {
  if (since.newest === null) {
    return [
      `NOBODY KNOWS WHAT CAME AFTER THE BACKUP. Changes and kills made after ${instant(createdAtMs)} are lost; ask whoever was on call, and kill again what has to be.`,
      `SDKs that hold a ruleset newer than ${backupVersion} keep it, with its kills, until the next change is published; that will be far above every version they can hold.`,
    ];
  }
  if (since.newest.version === backupVersion)
    return [`Nothing was published after it: ${since.newest.source} holds the same version.`];
  return [
    `Rulesets ${backupVersion + 1} to ${since.newest.version} were published after the backup and are lost (as ${since.newest.source} tells). The backup's is published anew as ${version}.`,
    ...since.newerKills.map((kill) => `KEPT: ${killText(kill)}, made after the backup, stays in force`),
    ...since.revokedKills.map(
      (kill) =>
        `IN FORCE AGAIN: ${killText(kill)}, which was ended after the backup; end it once more with: umpire revoke ${kill.killId} --reason "…"`,
    ),
    ...since.lost.map((change) => `LOST: ${change}`),
  ];
}

function killText({ killId, target, actor, reason, killedAt }: Kill): string {
  const kind = target?.$case === 'flagKey' ? 'flag' : 'experiment';
  return `the kill ${killId} of ${kind} ${target?.value ?? '?'} by ${actor} at ${killedAt?.toISOString() ?? '?'} (${reason})`;
}

function killJson({ killId, target, actor, reason, killedAt }: Kill): object {
  return {
    killId,
    kind: target?.$case === 'flagKey' ? 'flag' : 'experiment',
    key: target?.value,
    actor,
    reason,
    killedAt,
  };
}

function tablesText(tables: readonly TableCount[]): string {
  return table(
    ['table', 'rows'],
    tables.map(({ name, rows }) => [name, rows.toLocaleString('en')]),
    'no tables',
  );
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
