import type { Erasure } from '@third-umpire/proto/umpire/control/v1/control';
import type { ErasureReceipt, StoreFindings } from '../../control-store/erasure-port.ts';
import { table } from './table.ts';

export function erasureJson({ receiptJson, ...erasure }: Erasure): object {
  return { ...erasure, receipt: receiptOf(receiptJson) };
}

export function erasureText(erasure: Erasure): string {
  const { erasureId, subjectHash, actor, requestedAt, finishedAt, erasedUntil, dryRun } = erasure;
  const receipt = receiptOf(erasure.receiptJson);
  const lines = [
    `erasure ${erasureId} of the user with the hash ${subjectHash.slice(0, 16)}…`,
    `asked for by ${actor?.name ?? '?'} at ${instant(requestedAt)}: ${actor?.reason ?? ''}`,
  ];
  if (receipt === null) return [...lines, 'is under way: Temporal shows where'].join('\n');
  lines.push(
    dryRun
      ? `counted at ${instant(finishedAt)}: nothing was erased`
      : `finished at ${instant(finishedAt)}: ${receipt.rowsFound.toLocaleString('en')} rows found, ${receipt.rowsLeft.toLocaleString('en')} left`,
    `${receipt.deviceCount} devices of the user are included`,
    placesText(receipt, dryRun),
  );
  if (dryRun) return [...lines, ...notesOf(receipt.before)].join('\n');
  lines.push(
    `What happened up to ${instant(erasedUntil)} and arrives later is dropped. What happens later is of a user who came back.`,
    'SDKs keep no user on disk. Backups, and copies that others made of the events, are not reached.',
    ...notesOf(receipt.after),
    'To look it up once more:',
    ...receipt.after.map(({ store, query }) => `  ${store}: ${query.replaceAll(/\s+/g, ' ')}`),
  );
  return lines.join('\n');
}

function placesText({ before, after }: ErasureReceipt, dryRun: boolean): string {
  const left = new Map(after.flatMap(({ found }) => found.map(({ place, rows }) => [place, rows])));
  const rows = before.flatMap(({ store, found }) =>
    found.map((each) => [
      store,
      each.place,
      each.rows.toLocaleString('en'),
      dryRun ? '' : String(left.get(each.place) ?? 0),
    ]),
  );
  return table(['store', 'place', 'found', dryRun ? '' : 'left'], rows, 'nothing');
}

function notesOf(stores: readonly StoreFindings[]): string[] {
  return stores.flatMap(({ store, notes }) => notes.map((note) => `- ${store}: ${note}`));
}

function receiptOf(json: string): ErasureReceipt | null {
  return json === '' ? null : (JSON.parse(json) as ErasureReceipt);
}

function instant(date: Date | undefined): string {
  return date?.toISOString() ?? '?';
}
