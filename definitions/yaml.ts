import { isNode, LineCounter, parseAllDocuments, type Document } from 'yaml';
import type { Problem } from './definition.ts';

const MAX_CHARACTERS = 4_000_000;
const MAX_ALIASES = 100;

export interface YamlDocument {
  readonly value: unknown;
  /** A problem's path, such as `experiment upi_retry: ramp.stages[2].percent (upi_retry.yaml:31)`. */
  place(name: string, path: readonly PropertyKey[]): string;
}

/** Reads a YAML (or JSON) stream. Nothing of it is taken silently: warnings, such as of unknown tags, are problems too. */
export function readYaml(
  text: string,
  sourceName: string,
): { readonly documents: readonly YamlDocument[]; readonly problems: readonly Problem[] } {
  const refuse = (message: string) => ({ documents: [], problems: [{ path: sourceName, message }] });
  if (text.length > MAX_CHARACTERS) return refuse(`is longer than ${MAX_CHARACTERS} characters; split it`);
  const lineCounter = new LineCounter();
  const documents: YamlDocument[] = [];
  const problems: Problem[] = [];
  try {
    for (const document of parseAllDocuments(text, {
      lineCounter,
      stringKeys: true,
      prettyErrors: false,
      logLevel: 'silent',
    })) {
      const place = placeIn(document, lineCounter, sourceName);
      for (const found of [...document.errors, ...document.warnings]) {
        const { line } = lineCounter.linePos(found.pos[0]);
        problems.push({ path: `${sourceName}:${line}`, message: `is not YAML: ${found.message}` });
      }
      // A comment or a lone `---` is no document.
      if (document.errors.length === 0 && document.contents !== null) {
        const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
        if (value !== null) documents.push({ value, place });
      }
    }
  } catch (error) {
    // The library throws on alias bombs, unresolvable aliases and nesting deeper than its stack.
    if (!(error instanceof Error)) throw error;
    return refuse(`cannot be read as YAML: ${error.message}; check its anchors, aliases and nesting`);
  }
  return { documents, problems };
}

function placeIn(document: Document.Parsed, lineCounter: LineCounter, sourceName: string): YamlDocument['place'] {
  return (name, path) => {
    const written = path.reduce<string>((soFar, part) => {
      if (typeof part === 'number') return `${soFar}[${part}]`;
      return soFar === '' ? String(part) : `${soFar}.${String(part)}`;
    }, '');
    return `${name}${written === '' ? '' : `: ${written}`} (${sourceName}:${lineOf(document, lineCounter, path)})`;
  };
}

/** The line of the nearest part of the path that was written. */
function lineOf(document: Document.Parsed, lineCounter: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    const offset = isNode(node) ? node.range?.[0] : undefined;
    if (offset !== undefined) return lineCounter.linePos(offset).line;
  }
  return 1;
}
