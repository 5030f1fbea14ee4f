import { isNode, LineCounter, parseAllDocuments, type Document } from 'yaml';
import type { Problem } from './definition.ts';

const MAX_CHARACTERS = 4_000_000;
const MAX_ALIASES = 100;

export interface YamlDocument {
  readonly value: unknown;
  /** A problem's path, such as `experiment upi_retry: ramp.stages[2].percent (upi_retry.yaml:31:16)`. */
  place(name: string, path: readonly PropertyKey[]): string;
}

/** Reads a YAML (or JSON) stream. Nothing of it is taken silently: warnings, such as of unknown tags, are problems too. */
export function readYaml(
  text: string,
  sourceName: string,
): { readonly documents: readonly YamlDocument[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  if (text.length > MAX_CHARACTERS) {
    const message = `is longer than ${MAX_CHARACTERS} characters; split it`;
    return { documents: [], problems: [{ path: sourceName, message }] };
  }
  const lineCounter = new LineCounter();
  const refuse = (offset: number, message: string): void => {
    problems.push({ path: `${sourceName}:${positionOf(offset, lineCounter)}`, message });
  };
  const options = { lineCounter, stringKeys: true, prettyErrors: false, logLevel: 'silent' } as const;
  // It throws on nesting deeper than its stack.
  const parsed =
    attempt(
      () => [...parseAllDocuments(text, options)],
      (reason) => refuse(0, reason),
    ) ?? [];
  const documents = parsed.flatMap((document): YamlDocument[] => {
    for (const found of [...document.errors, ...document.warnings])
      refuse(found.pos[0], `is not YAML: ${found.message}`);
    // A comment or a lone `---` is no document.
    if (document.errors.length > 0 || document.contents === null) return [];
    const [offset] = document.contents.range;
    // It throws on aliases of nothing, and on aliases that together make a bomb.
    const value = attempt(
      (): unknown => document.toJS({ maxAliasCount: MAX_ALIASES }),
      (reason) => refuse(offset, reason),
    );
    return value === null || value === undefined ? [] : [{ value, place: placeIn(document, lineCounter, sourceName) }];
  });
  return { documents, problems };
}

/** The library tells some problems by throwing. */
function attempt<T>(read: () => T, refuse: (reason: string) => void): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    refuse(`cannot be read as YAML: ${error.message}; check its anchors, aliases and nesting`);
    return undefined;
  }
}

function placeIn(document: Document.Parsed, lineCounter: LineCounter, sourceName: string): YamlDocument['place'] {
  return (name, path) => {
    const written = path.reduce<string>((soFar, part) => {
      if (typeof part === 'number') return `${soFar}[${part}]`;
      return soFar === '' ? String(part) : `${soFar}.${String(part)}`;
    }, '');
    return `${name}${written === '' ? '' : `: ${written}`} (${sourceName}:${placeOf(document, lineCounter, path)})`;
  };
}

/** Line and column of the nearest part of the path that was written. */
function placeOf(document: Document.Parsed, lineCounter: LineCounter, path: readonly PropertyKey[]): string {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    const offset = isNode(node) ? node.range?.[0] : undefined;
    if (offset !== undefined) return positionOf(offset, lineCounter);
  }
  return '1:1';
}

function positionOf(offset: number, lineCounter: LineCounter): string {
  const { line, col } = lineCounter.linePos(offset);
  return `${Math.max(line, 1)}:${Math.max(col, 1)}`;
}
