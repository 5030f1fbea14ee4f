import { DefinitionKind } from '@third-umpire/proto/umpire/control/v1/control';
import { didYouMean } from '../definitions/suggestion.ts';
import { UsageError } from './failures.ts';

const PREFIX = 'DEFINITION_KIND_';

const KINDS: readonly string[] = Object.values(DefinitionKind)
  .filter((kind) => kind !== DefinitionKind.DEFINITION_KIND_UNSPECIFIED && kind.startsWith(PREFIX))
  .map(kindName);

/** `flag` for `DEFINITION_KIND_FLAG`. */
export function kindName(kind: DefinitionKind): string {
  return kind.slice(PREFIX.length).toLowerCase();
}

/** @throws UsageError for a word that is no kind */
export function kindOf(word: string): DefinitionKind {
  const found = Object.values(DefinitionKind).find((kind) => KINDS.includes(word) && kindName(kind) === word);
  if (found !== undefined) return found;
  throw new UsageError(
    `"${word}" is no kind of definition${didYouMean(word, KINDS)}; it is one of ${KINDS.join(', ')}`,
  );
}
