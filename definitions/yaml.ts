import { Composer, type CST, isNode, isScalar, Lexer, LineCounter, Parser, visit, type Document } from 'yaml';
import type { Problem } from './definition.ts';

const MAX_CHARACTERS = 4_000_000;
const SHOWN_ERRORS = 3;
const MAX_ALIASES = 100;
/** Composing nodes is recursive, and near the end of the stack Node.js does not throw but dies. */
const MAX_NESTING = 100;

/** The library's own search for keys given twice takes quadratic time. */
const OPTIONS = { stringKeys: true, uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const;

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
  const composer = new Composer(OPTIONS);
  const parsed =
    attempt(
      () => [...composer.compose(tokensOf(text, lineCounter))],
      (reason) => refuse(0, reason),
    ) ?? [];
  const documents = parsed.flatMap((document): YamlDocument[] => {
    const problemsBefore = problems.length;
    const found = [...document.errors, ...document.warnings];
    // Where one thing is wrong, whatever follows is read wrongly too.
    for (const { pos, message } of found.slice(0, SHOWN_ERRORS)) refuse(pos[0], `is not YAML: ${message}`);
    inspect(document, refuse);
    // A comment or a lone `---` is no document.
    if (problems.length > problemsBefore || document.contents === null) return [];
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

/** What the library would take, or take too long over: resolving one alias walks the whole document. */
function inspect(document: Document.Parsed, refuse: (offset: number, message: string) => void): void {
  let aliasCount = 0;
  visit(document, {
    Alias(_, { range }) {
      aliasCount++;
      if (aliasCount === MAX_ALIASES + 1) {
        refuse(range?.[0] ?? 0, `is alias ${aliasCount}, but ${MAX_ALIASES} are the most; write some of them out`);
      }
    },
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key: node } of items) {
        if (!isScalar(node)) continue;
        const key = String(node.value);
        if (seen.has(key)) refuse(node.range?.[0] ?? 0, `"${key.slice(0, 64)}" is given twice; keep one`);
        seen.add(key);
      }
    },
  });
}

/** @throws RangeError where the text is nested too deeply, before anything recurses into it */
function* tokensOf(text: string, lineCounter: LineCounter): Generator<CST.Token> {
  lineCounter.addNewLine(0);
  const parser = new Parser(lineCounter.addNewLine);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length <= MAX_NESTING) continue;
    throw new RangeError(`it is nested deeper than ${MAX_NESTING} levels at ${positionOf(parser.offset, lineCounter)}`);
  }
  yield* parser.end();
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
