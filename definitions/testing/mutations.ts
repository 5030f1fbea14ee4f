import fc from 'fast-check';

/** Words that YAML, JavaScript, or a reader of definitions may trip over. */
const NASTY = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  '~',
  'true',
  'yes',
  '.nan',
  '.inf',
  '-.inf',
  '-0',
  '1e999',
  '0x7fffffffffffffff',
  '0o17',
  '99999999999999999999',
  '-1',
  '0.000001',
  '""',
  "''",
  '"\\ud800"',
  '"\\0"',
  '"\\uD83D\\uDE00"',
  '\u0000',
  '\ufeff',
  '\u2028',
  '\r',
  '\t',
  '[]',
  '{}',
  '[[]]',
  '{a: b}',
  '- ',
  '? ',
  ': ',
  ', ',
  '#',
  '|',
  '>',
  '|2-',
  '%YAML 9.9',
  '---',
  '...',
  '&a',
  '*a',
  '&a [*a]',
  '!!binary aGk=',
  '!!set {a}',
  '!!js/function x',
  '!!timestamp 2026-01-01',
  '!',
  '!<tag:x>',
  '<<: *a',
  '2026-02-30',
  '24:00',
  '1000000d',
  '5m',
  'mon',
  '%',
  '@',
  '`',
  '"',
  "'",
  '{',
  ']',
] as const;

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
export const nasty = fc.constantFrom(...NASTY);
export type Mutation = (text: string) => string;

/** Cuts, doubles, overwrites and swaps at random places. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, nasty).map(
    ([at, word]): Mutation =>
      (text) =>
        insert(text, at, word),
  ),
  fc.tuple(place, fc.string({ unit: 'binary', maxLength: 4 })).map(
    ([at, word]): Mutation =>
      (text) =>
        insert(text, at, word),
  ),
  fc.tuple(place, fc.nat(40)).map(
    ([at, count]): Mutation =>
      (text) =>
        cut(text, at, count, ''),
  ),
  fc.tuple(place, nasty).map(
    ([at, word]): Mutation =>
      (text) =>
        replaceValue(text, at, word),
  ),
  fc.tuple(place, nasty).map(
    ([at, word]): Mutation =>
      (text) =>
        replaceName(text, at, word),
  ),
  fc.tuple(place, place).map(
    ([from, to]): Mutation =>
      (text) =>
        moveLine(text, from, to),
  ),
  place.map(
    (at): Mutation =>
      (text) =>
        lines(text, at, (line) => [line, line]),
  ),
  place.map(
    (at): Mutation =>
      (text) =>
        lines(text, at, (line) => [`  ${line}`]),
  ),
);

function insert(text: string, at: number, word: string): string {
  const index = Math.floor(at * text.length);
  return text.slice(0, index) + word + text.slice(index);
}

function cut(text: string, at: number, count: number, instead: string): string {
  const index = Math.floor(at * text.length);
  return text.slice(0, index) + instead + text.slice(index + count);
}

function lines(text: string, at: number, change: (line: string) => readonly string[]): string {
  const all = text.split('\n');
  const index = Math.floor(at * all.length);
  return all.flatMap((line, position) => (position === index ? change(line) : [line])).join('\n');
}

function replaceValue(text: string, at: number, word: string): string {
  return lines(text, at, (line) => [line.replace(/: .*$/, () => `: ${word}`)]);
}

function replaceName(text: string, at: number, word: string): string {
  return lines(text, at, (line) => [line.replace(/\w+:/, () => `${word}:`)]);
}

function moveLine(text: string, from: number, to: number): string {
  const all = text.split('\n');
  const [line = ''] = all.splice(Math.floor(from * all.length), 1);
  all.splice(Math.floor(to * all.length), 0, line);
  return all.join('\n');
}
