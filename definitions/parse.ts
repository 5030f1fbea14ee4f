import type { z } from 'zod';
import { InvalidDefinitionError, type Definition, type DefinitionKind, type Problem } from './definition.ts';
import { findingsOf, firstProblems } from './problems.ts';
import { experiment } from './schema/experiment.ts';
import { flag, holdout, layer, segment } from './schema/flag.ts';
import { metric } from './schema/metric.ts';
import { didYouMean } from './suggestion.ts';
import { readYaml, type YamlDocument } from './yaml.ts';

const SCHEMAS: { readonly [K in DefinitionKind]: z.ZodType<Extract<Definition, { kind: K }>> } = {
  experiment,
  metric,
  flag,
  segment,
  layer,
  holdout,
};

/**
 * Reads definitions from YAML or JSON, one or more documents, with every default filled in. Each is checked by itself; how they hang
 * together is checked by `validateDefinitions`.
 *
 * @param sourceName named in problems, such as the file's name
 * @throws InvalidDefinitionError with everything that is wrong
 */
export function parseDefinitions(text: string, sourceName: string): Definition[] {
  const { documents, problems } = readYaml(text, sourceName);
  const definitions: Definition[] = [];
  const allProblems: Problem[] = [...problems];
  const seen = new Set<string>();
  for (const document of documents) {
    const parsed = parseDocument(document);
    if (Array.isArray(parsed)) {
      allProblems.push(...parsed);
      continue;
    }
    const name = `${parsed.kind} ${parsed.key}`;
    if (seen.has(name)) allProblems.push({ path: document.place(name, []), message: 'is defined twice; keep one' });
    seen.add(name);
    definitions.push(parsed);
  }
  if (documents.length === 0 && allProblems.length === 0) {
    allProblems.push({ path: sourceName, message: 'holds no definition; write at least one document' });
  }
  if (allProblems.length > 0) {
    throw new InvalidDefinitionError(firstProblems(allProblems, sourceName, (problem) => problem));
  }
  return definitions;
}

function parseDocument(document: YamlDocument): Definition | Problem[] {
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [
      { path: document.place('document', []), message: 'is not a definition; write fields, beginning with "kind"' },
    ];
  }
  const kind = 'kind' in value ? value.kind : undefined;
  const key = 'key' in value && typeof value.key === 'string' ? value.key.slice(0, 64) : '(no key)';
  if (!isKind(kind)) {
    const kinds = Object.keys(SCHEMAS);
    const message =
      kind === undefined
        ? `is missing; it is one of ${kinds.join(', ')}`
        : kind === 'warehouse_source'
          ? 'is read by "umpire connect FILE", in a file of its own; it is not stored'
          : `${notAKind(kind, kinds)}; it is one of ${kinds.join(', ')}`;
    return [{ path: document.place(`document ${key}`, ['kind']), message }];
  }
  const result = SCHEMAS[kind].safeParse(value);
  if (result.success) return result.data;
  const name = `${kind} ${key}`;
  return firstProblems(findingsOf(result.error, value), name, ({ path, message }) => {
    return { path: document.place(name, path), message };
  });
}

function notAKind(kind: unknown, kinds: readonly string[]): string {
  if (typeof kind !== 'string') return 'must be a text';
  return `${JSON.stringify(kind.slice(0, 64))} is not a kind${didYouMean(kind, kinds)}`;
}

function isKind(kind: unknown): kind is DefinitionKind {
  return typeof kind === 'string' && Object.hasOwn(SCHEMAS, kind);
}
