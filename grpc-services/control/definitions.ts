import {
  DefinitionKind,
  type ControlServiceServer,
  type Definition as WireDefinition,
  type Problem,
} from '@third-umpire/proto/umpire/control/v1/control';
import type { StoredDefinition } from '../../control-store/port.ts';
import { InvalidDefinitionError, type DefinitionKind as StoredKind } from '../../definitions/definition.ts';
import { parseDefinitions } from '../../definitions/parse.ts';
import { validateDefinitions } from '../../definitions/validate.ts';
import { InvalidRequestError } from '../failures.ts';
import { unary } from '../handler.ts';
import { actorOf, required } from '../fields.ts';
import type { ControlParts } from './service.ts';

const SOURCE = 'documents_yaml';

const KINDS: Readonly<Record<StoredKind, DefinitionKind>> = {
  experiment: DefinitionKind.DEFINITION_KIND_EXPERIMENT,
  metric: DefinitionKind.DEFINITION_KIND_METRIC,
  flag: DefinitionKind.DEFINITION_KIND_FLAG,
  segment: DefinitionKind.DEFINITION_KIND_SEGMENT,
  layer: DefinitionKind.DEFINITION_KIND_LAYER,
  holdout: DefinitionKind.DEFINITION_KIND_HOLDOUT,
};

export function definitionMethods({
  controlStore,
  logger,
}: ControlParts): Pick<
  ControlServiceServer,
  'validateDefinitions' | 'putDefinitions' | 'getDefinition' | 'listDefinitions'
> {
  return {
    validateDefinitions: unary(logger, async ({ documentsYaml }) => {
      const existing = await controlStore.listDefinitions();
      return { problems: problemsOf(documentsYaml, existing) };
    }),
    putDefinitions: unary(logger, async ({ documentsYaml, actor }) => {
      const documents = parseDefinitions(documentsYaml, SOURCE);
      const stored = await controlStore.putDefinitions(documents, actorOf(actor));
      return { definitions: stored.map(wireDefinition) };
    }),
    getDefinition: unary(logger, async ({ kind, key, version }) => {
      const stored = await controlStore.getDefinition(
        requiredKind(kind),
        required('key', key),
        version === 0 ? undefined : version,
      );
      return { definition: wireDefinition(stored) };
    }),
    listDefinitions: unary(logger, async ({ kind }) => {
      const stored = await controlStore.listDefinitions(storedKind(kind));
      return { definitions: stored.map(wireDefinition) };
    }),
  };
}

function problemsOf(documentsYaml: string, existing: readonly StoredDefinition[]): Problem[] {
  try {
    const documents = parseDefinitions(documentsYaml, SOURCE);
    return validateDefinitions(
      documents,
      existing.map(({ definition }) => definition),
    );
  } catch (error) {
    if (error instanceof InvalidDefinitionError) return [...error.problems];
    throw error;
  }
}

function storedKind(kind: DefinitionKind): StoredKind | undefined {
  if (kind === DefinitionKind.DEFINITION_KIND_UNSPECIFIED) return undefined;
  for (const [stored, wire] of Object.entries(KINDS)) if (wire === kind) return stored as StoredKind;
  throw new InvalidRequestError('kind', `${kind} is not a kind of definition`);
}

function requiredKind(kind: DefinitionKind): StoredKind {
  const stored = storedKind(kind);
  if (stored === undefined) throw new InvalidRequestError('kind', 'is missing; say which kind of definition');
  return stored;
}

function wireDefinition({ definition, version, createdBy, createdAtMs }: StoredDefinition): WireDefinition {
  return {
    kind: KINDS[definition.kind],
    key: definition.key,
    version,
    documentJson: JSON.stringify(definition),
    createdBy,
    createdAt: new Date(createdAtMs),
  };
}
