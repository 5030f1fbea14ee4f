import assert from 'node:assert/strict';
import test from 'node:test';
import { InvalidDefinitionError } from '../definition.ts';
import { parseDefinitions } from '../parse.ts';

/** A rule of a document: what it wants, fields that break it, and the problems that are told, as `field: message`. */
export type Rule = readonly [wants: string, fields: Readonly<Record<string, unknown>>, ...problems: readonly string[]];

export const DURATION = 'write a number and a unit, such as 500ms, 10s, 5m, 2h or 7d';

/** Tests every rule on a document that is right but for the fields that break it. */
export function testRules(base: { readonly kind: string; readonly key: string }, rules: readonly Rule[]): void {
  test(`${base.kind}: the document that the rules break one by one is right`, () => {
    assert.equal(parseDefinitions(JSON.stringify(base), 'x').length, 1);
  });
  for (const [wants, fields, ...expected] of rules) {
    test(`${base.kind}: wants ${wants}`, () => {
      const key = typeof fields['key'] === 'string' ? fields['key'].slice(0, 64) : base.key;
      assert.deepEqual(
        problemsOf({ ...base, ...fields }),
        expected.map((problem) => `${base.kind} ${key}: ${problem}`),
      );
    });
  }
}

function problemsOf(document: object): string[] {
  try {
    parseDefinitions(JSON.stringify(document), 'x');
  } catch (error) {
    if (!(error instanceof InvalidDefinitionError)) throw error;
    return error.problems.map(({ path, message }) => `${path.replace(/ \(x:1:\d+\)$/, '')}: ${message}`);
  }
  return [];
}
