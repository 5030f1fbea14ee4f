import type { BackupHeader, BackupSequence, BackupTable, TableCount } from './archive-format.ts';

// The documents of a backup's frames, read back. What does not fit throws; the reader says which file it was.

type Fields = Readonly<Record<string, unknown>>;

export function asBackupHeader(value: unknown): BackupHeader {
  const fields = asFields(value);
  return {
    createdAtMs: asNumber(fields['createdAtMs']),
    migrations: asList(fields['migrations'], asText),
    rulesetVersion: asNumber(fields['rulesetVersion']),
    tables: asList(fields['tables'], asBackupTable),
    sequences: asList(fields['sequences'], asSequence),
  };
}

export function asBackupTable(value: unknown): BackupTable {
  const fields = asFields(value);
  return { name: asText(fields['name']), columns: asList(fields['columns'], asText) };
}

export function asTableCount(value: unknown): TableCount {
  const fields = asFields(value);
  return { name: asText(fields['name']), rows: asNumber(fields['rows']) };
}

export function asDigest(value: unknown): string {
  return asText(asFields(value)['sha256']);
}

function asSequence(value: unknown): BackupSequence {
  const fields = asFields(value);
  return {
    table: asText(fields['table']),
    column: asText(fields['column']),
    lastValue: asText(fields['lastValue']),
    isCalled: fields['isCalled'] === true,
  };
}

function asFields(value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new TypeError('not an object');
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('not a text');
}

function asNumber(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError('not a whole number from 0');
}

function asList<T>(value: unknown, read: (element: unknown) => T): T[] {
  if (Array.isArray(value)) return value.map((element: unknown) => read(element));
  throw new TypeError('not a list');
}
