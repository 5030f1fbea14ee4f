import { InvalidDefinitionError, type Definition, type Problem } from '../../definitions/definition.ts';
import { firstProblems } from '../../definitions/problems.ts';
import { validateDefinitions } from '../../definitions/validate.ts';
import { problemsOfLiveExperiments } from '../epoch-rules.ts';
import { draftState } from '../experiment-state.ts';
import { ConflictError, type Actor, type ExpectedVersion, type StoredDefinition } from '../port.ts';
import type { ExperimentWithDefinition } from '../ruleset/build-ruleset.ts';
import { assertActor, writeAudits } from './audit.ts';
import type { ChangeLine } from './change-line.ts';
import { insertVersions, isSameDocument, loadNewest } from './definitions.ts';
import { insertStates, updateState } from './experiments.ts';
import { loadWithDefinitions, publish } from './publish.ts';
import type { Tx } from './schema.ts';

export interface PutRequest {
  readonly documents: readonly Definition[];
  readonly actor: Actor;
  readonly expectedVersions: readonly ExpectedVersion[];
}

/** Stores all documents or none. @throws InvalidDefinitionError, ConflictError */
export async function putDefinitions(
  changes: ChangeLine,
  { documents, actor, expectedVersions }: PutRequest,
  nowMs: number,
): Promise<readonly StoredDefinition[]> {
  assertActor(actor);
  return await changes.run(async (tx) => {
    const newest = await loadNewest(tx);
    const experiments = await loadWithDefinitions(tx);
    const byName = new Map(newest.map((entry) => [nameOf(entry.definition), entry]));
    const results = documents.map((definition) => next(definition, byName.get(nameOf(definition)), actor, nowMs));
    const changed = results.filter((stored) => byName.get(nameOf(stored.definition)) !== stored);
    assertExpected(changed, byName, expectedVersions);
    const stored = newest.map(({ definition }) => definition);
    const problems = [
      ...problemsOfRepetition(documents),
      ...validateDefinitions(documents, stored),
      ...problemsOfLiveExperiments(documents, stored, experiments),
    ];
    if (problems.length > 0) {
      throw new InvalidDefinitionError(firstProblems(problems, 'the documents', (problem) => problem));
    }
    if (changed.length === 0) return results;
    await insertVersions(tx, changed);
    await keepDrafts(tx, changed, experiments, actor);
    await writeAudits(
      tx,
      changed.map(({ definition: { kind, key }, version }) => {
        return { actor, action: 'definition.put', subject: key, detail: { kind, version }, nowMs };
      }),
    );
    await publish(tx, nowMs);
    return results;
  });
}

/** What is stored already, where the document says the same; else its next version. */
function next(
  definition: Definition,
  newest: StoredDefinition | undefined,
  actor: Actor,
  nowMs: number,
): StoredDefinition {
  if (newest !== undefined && isSameDocument(newest.definition, definition)) return newest;
  return { definition, version: (newest?.version ?? 0) + 1, createdBy: actor.name, createdAtMs: nowMs };
}

/** A document that is stored as wanted is no conflict, whoever stored it: a lost answer can be asked for again. */
function assertExpected(
  changed: readonly StoredDefinition[],
  byName: ReadonlyMap<string, StoredDefinition>,
  expectedVersions: readonly ExpectedVersion[],
): void {
  const changedNames = new Set(changed.map(({ definition }) => nameOf(definition)));
  for (const { kind, key, version } of expectedVersions) {
    const name = `${kind} ${key}`;
    const stored = byName.get(name)?.version ?? 0;
    if (stored === version || !changedNames.has(name)) continue;
    throw new ConflictError(
      `${name} is at version ${stored}, not ${version}: someone else changed it; read it again and merge your change`,
    );
  }
}

/** An experiment that was never started follows its newest definition; others keep the one that they were started with. */
async function keepDrafts(
  tx: Tx,
  changed: readonly StoredDefinition[],
  experiments: readonly ExperimentWithDefinition[],
  actor: Actor,
): Promise<void> {
  const states = new Map(experiments.map(({ state }) => [state.key, state]));
  const added: Parameters<typeof insertStates>[1][number][] = [];
  for (const { definition, version } of changed) {
    if (definition.kind !== 'experiment') continue;
    const { key, flag: flagKey } = definition;
    const state = states.get(key);
    if (state === undefined) added.push({ state: draftState(key, version, actor.reason), flagKey });
    else if (state.epoch === 0) {
      await updateState(tx, { ...state, definitionVersion: version, revision: state.revision + 1 }, flagKey);
    }
  }
  await insertStates(tx, added);
}

function problemsOfRepetition(documents: readonly Definition[]): Problem[] {
  const seen = new Set<string>();
  return documents.map(nameOf).flatMap((name) => {
    if (seen.has(name)) return [{ path: name, message: 'is given twice; keep one' }];
    seen.add(name);
    return [];
  });
}

function nameOf(definition: Definition): string {
  return `${definition.kind} ${definition.key}`;
}
