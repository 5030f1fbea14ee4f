import type { Definition, DefinitionKind, Problem } from './definition.ts';
import type { ExperimentDefinition } from './experiment.ts';
import { didYouMean } from './suggestion.ts';

type OfKind<K extends DefinitionKind> = Extract<Definition, { kind: K }>;

/** Definitions by kind and key; later ones replace earlier ones. */
export class Catalogue {
  readonly #byKind = new Map<DefinitionKind, Map<string, Definition>>();
  readonly #firstByFlag = new Map<string, ExperimentDefinition>();

  constructor(definitions: Iterable<Definition>) {
    for (const definition of definitions) this.#ofKind(definition.kind).set(definition.key, definition);
    for (const experiment of this.all('experiment')) {
      if (!this.#firstByFlag.has(experiment.flag)) this.#firstByFlag.set(experiment.flag, experiment);
    }
  }

  get definitions(): readonly Definition[] {
    return [...this.#byKind.values()].flatMap((byKey) => [...byKey.values()]);
  }

  all<K extends DefinitionKind>(kind: K): readonly OfKind<K>[] {
    return [...this.#ofKind(kind).values()].filter((definition) => isKind(definition, kind));
  }

  find<K extends DefinitionKind>(kind: K, key: string): OfKind<K> | undefined {
    const found = this.#byKind.get(kind)?.get(key);
    return found !== undefined && isKind(found, kind) ? found : undefined;
  }

  /** The first of the experiments on a flag. */
  firstExperimentOn(flagKey: string): ExperimentDefinition | undefined {
    return this.#firstByFlag.get(flagKey);
  }

  /** The problem that there is no such document, or none. */
  missing(kind: DefinitionKind, key: string, path: string): Problem[] {
    if (this.find(kind, key) !== undefined) return [];
    const suggestion = didYouMean(key, this.#byKind.get(kind)?.keys() ?? []);
    return [{ path, message: `there is no ${kind} "${key}"${suggestion}; define it, in this file or before` }];
  }

  #ofKind(kind: DefinitionKind): Map<string, Definition> {
    const found = this.#byKind.get(kind) ?? new Map<string, Definition>();
    this.#byKind.set(kind, found);
    return found;
  }
}

function isKind<K extends DefinitionKind>(definition: Definition, kind: K): definition is OfKind<K> {
  return definition.kind === kind;
}
