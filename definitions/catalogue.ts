import type { Definition, DefinitionKind, Problem } from './definition.ts';
import { didYouMean } from './suggestion.ts';

type OfKind<K extends DefinitionKind> = Extract<Definition, { kind: K }>;

/** Definitions by kind and key; later ones replace earlier ones. */
export class Catalogue {
  readonly #byName = new Map<string, Definition>();

  constructor(definitions: Iterable<Definition>) {
    for (const definition of definitions) this.#byName.set(`${definition.kind} ${definition.key}`, definition);
  }

  get definitions(): readonly Definition[] {
    return [...this.#byName.values()];
  }

  all<K extends DefinitionKind>(kind: K): readonly OfKind<K>[] {
    return this.definitions.filter((definition): definition is OfKind<K> => definition.kind === kind);
  }

  find<K extends DefinitionKind>(kind: K, key: string): OfKind<K> | undefined {
    const found = this.#byName.get(`${kind} ${key}`);
    return found !== undefined && isKind(found, kind) ? found : undefined;
  }

  /** The problem that there is no such document, or none. */
  missing(kind: DefinitionKind, key: string, path: string): Problem[] {
    if (this.find(kind, key) !== undefined) return [];
    const suggestion = didYouMean(
      key,
      this.all(kind).map((definition) => definition.key),
    );
    return [{ path, message: `there is no ${kind} "${key}"${suggestion}; define it, in this file or before` }];
  }
}

function isKind<K extends DefinitionKind>(definition: Definition, kind: K): definition is OfKind<K> {
  return definition.kind === kind;
}
