import type { Selectable } from 'kysely';
import type { Definition, DefinitionKind } from '../../definitions/definition.ts';
import type { ExperimentDefinition } from '../../definitions/experiment.ts';
import { serializeDefinition } from '../../definitions/serialize.ts';
import { NotFoundError, type StoredDefinition } from '../port.ts';
import { assertText } from './audit.ts';
import { inBatches } from './batches.ts';
import type { Database, DefinitionVersionsTable, Tx } from './schema.ts';

/** The largest PostgreSQL integer. */
const MAX_VERSION = 2_147_483_647;

type Row = Selectable<DefinitionVersionsTable>;

/** The newest version of every document, or of those of some kinds, by kind and key. */
export async function loadNewest(
  database: Database | Tx,
  kinds?: readonly DefinitionKind[],
): Promise<StoredDefinition[]> {
  let query = database
    .selectFrom('definition_versions')
    .distinctOn(['kind', 'key'])
    .selectAll()
    .orderBy('kind')
    .orderBy('key')
    .orderBy('version', 'desc');
  if (kinds !== undefined) query = query.where('kind', 'in', kinds);
  return (await query.execute()).map(storedOf);
}

/** One document, at its newest or another version. @throws NotFoundError */
export async function loadDefinition(
  database: Database | Tx,
  kind: DefinitionKind,
  key: string,
  version?: number,
): Promise<StoredDefinition> {
  assertText('key', key);
  if (version !== undefined && !(Number.isInteger(version) && version >= 1 && version <= MAX_VERSION)) {
    throw new RangeError(`version: ${version} is no version; give a whole number from 1`);
  }
  let query = database
    .selectFrom('definition_versions')
    .selectAll()
    .where('kind', '=', kind)
    .where('key', '=', key)
    .orderBy('version', 'desc')
    .limit(1);
  if (version !== undefined) query = query.where('version', '=', version);
  const row = await query.executeTakeFirst();
  if (row === undefined) {
    throw new NotFoundError(`there is no ${kind} ${key}${version === undefined ? '' : ` at version ${version}`}`);
  }
  return storedOf(row);
}

/** @throws NotFoundError */
export async function loadExperimentDefinition(
  database: Database | Tx,
  key: string,
  version: number,
): Promise<ExperimentDefinition> {
  return asExperiment(await loadDefinition(database, 'experiment', key, version));
}

/** The definitions of all experiments at the versions of their records, by key. */
export async function loadPinned(tx: Tx): Promise<ReadonlyMap<string, ExperimentDefinition>> {
  const rows = await tx
    .selectFrom('definition_versions')
    .innerJoin('experiments', (join) =>
      join
        .onRef('experiments.key', '=', 'definition_versions.key')
        .onRef('experiments.definition_version', '=', 'definition_versions.version')
        .on('definition_versions.kind', '=', 'experiment'),
    )
    .selectAll('definition_versions')
    .execute();
  return new Map(rows.map((row) => [row.key, asExperiment(storedOf(row))]));
}

export async function insertVersions(tx: Tx, stored: readonly StoredDefinition[]): Promise<void> {
  const rows = stored.map(({ definition, version, createdBy, createdAtMs }) => ({
    kind: definition.kind,
    key: definition.key,
    version,
    document: JSON.stringify(definition),
    created_by: createdBy,
    created_at: new Date(createdAtMs),
  }));
  await inBatches(rows, (batch) => tx.insertInto('definition_versions').values(batch).execute());
}

export function isSameDocument(a: Definition, b: Definition): boolean {
  return serializeDefinition(a) === serializeDefinition(b);
}

function asExperiment({ definition }: StoredDefinition): ExperimentDefinition {
  if (definition.kind === 'experiment') return definition;
  throw new TypeError(`the stored document ${definition.kind} ${definition.key} is no experiment`);
}

function storedOf(row: Row): StoredDefinition {
  return {
    // Only checked documents are ever inserted, and the table is append-only.
    definition: row.document as Definition,
    version: row.version,
    createdBy: row.created_by,
    createdAtMs: row.created_at.getTime(),
  };
}
