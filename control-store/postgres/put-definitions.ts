import { InvalidDefinitionError, type Definition, type Problem } from '../../definitions/definition.ts';
import { validateDefinitions } from '../../definitions/validate.ts';
import { problemsOfLiveExperiments } from '../epoch-rules.ts';
import { draftState } from '../experiment-state.ts';
import type { Actor, StoredDefinition } from '../port.ts';
import { assertActor, writeAudit } from './audit.ts';
import { insertVersion, isSameDocument, loadNewest } from './definitions.ts';
import { insertState, loadStates, updateState } from './experiments.ts';
import { changing, loadWithDefinitions, publish } from './publish.ts';
import type { Database, Tx } from './schema.ts';

/** Stores all documents or none. @throws InvalidDefinitionError */
export async function putDefinitions(
  database: Database,
  documents: readonly Definition[],
  actor: Actor,
  nowMs: number,
): Promise<readonly StoredDefinition[]> {
  assertActor(actor);
  return await changing(database, async (tx) => {
    const newest = await loadNewest(tx);
    const stored = newest.map(({ definition }) => definition);
    const problems = [
      ...problemsOfRepetition(documents),
      ...validateDefinitions(documents, stored),
      ...problemsOfLiveExperiments(documents, stored, await loadWithDefinitions(tx)),
    ];
    if (problems.length > 0) throw new InvalidDefinitionError(problems);
    const byName = new Map(newest.map((entry) => [nameOf(entry.definition), entry]));
    const results: StoredDefinition[] = [];
    for (const document of documents) {
      results.push(await putOne(tx, document, byName.get(nameOf(document)), actor, nowMs));
    }
    await publish(tx, nowMs);
    return results;
  });
}

async function putOne(
  tx: Tx,
  definition: Definition,
  newest: StoredDefinition | undefined,
  actor: Actor,
  nowMs: number,
): Promise<StoredDefinition> {
  if (newest !== undefined && isSameDocument(newest.definition, definition)) return newest;
  const version = (newest?.version ?? 0) + 1;
  const stored: StoredDefinition = { definition, version, createdBy: actor.name, createdAtMs: nowMs };
  await insertVersion(tx, stored);
  if (definition.kind === 'experiment') await keepDraft(tx, definition.key, definition.flag, version, actor);
  const detail = { kind: definition.kind, version };
  await writeAudit(tx, { actor, action: 'definition.put', subject: definition.key, detail, nowMs });
  return stored;
}

/** An experiment that was never started follows its newest definition; others keep the one that they were started with. */
async function keepDraft(tx: Tx, key: string, flagKey: string, version: number, actor: Actor): Promise<void> {
  const [state] = await loadStates(tx, key);
  if (state === undefined) await insertState(tx, draftState(key, version, actor.reason), flagKey);
  else if (state.epoch === 0) {
    await updateState(tx, { ...state, definitionVersion: version, revision: state.revision + 1 }, flagKey);
  }
}

function problemsOfRepetition(documents: readonly Definition[]): Problem[] {
  const names = documents.map(nameOf);
  return names
    .filter((name, index) => names.indexOf(name) < index)
    .map((name) => ({ path: name, message: 'is given twice; keep one' }));
}

function nameOf(definition: Definition): string {
  return `${definition.kind} ${definition.key}`;
}
