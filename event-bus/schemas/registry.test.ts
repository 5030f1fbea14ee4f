import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { sampleEvent } from '../contract/sample-events.ts';
import { IncompatibleSchemaError } from './compatibility.ts';
import { InvalidEventTypeError, parseEventTypes } from './document.ts';
import { PROPERTY_TYPES, type EventTypeSchema, type PropertyDeclaration } from './event-type.ts';
import { createRegistry, SchemaRegistrationError } from './registry.ts';

const depositFailed = `
kind: event_type
key: deposit_failed
version: 1
properties:
  amount_paise: { type: integer, required: true }
  error_code: { type: string }
`;

describe('event-type documents', () => {
  test('are read from YAML, several to a file', () => {
    const schemas = parseEventTypes(
      `${depositFailed}---\n{ kind: event_type, key: team_created, version: 1, properties: {} }`,
      'types.yaml',
    );
    assert.deepEqual(
      schemas.map(({ key, version }) => [key, version]),
      [
        ['deposit_failed', 1],
        ['team_created', 1],
      ],
    );
  });

  test('are refused with the file, the document and the field', () => {
    const text = `${depositFailed}---\n{ kind: event_type, key: TeamCreated, version: 0, properties: { n: { type: int } } }`;
    assert.throws(
      () => parseEventTypes(text, 'types.yaml'),
      (error) =>
        error instanceof InvalidEventTypeError &&
        error.problems.every((problem) => problem.startsWith('types.yaml, document 2: ')) &&
        ['key', 'version', 'properties.n.type'].every((field) => error.message.includes(` ${field}: `)),
    );
    assert.throws(() => parseEventTypes('', 'empty.yaml'), /empty\.yaml: holds no event type/);
    assert.throws(() => parseEventTypes('a: [1', 'torn.yaml'), InvalidEventTypeError);
  });
});

test('thousands of damaged documents end in named problems or in schemas, never in another error', () => {
  const pieces = fc.constantFrom(
    'kind: event_type',
    'key: a',
    'version: 1',
    'properties:',
    '  n: { type: integer }',
    '  n: *x',
    '&x',
    '---',
    '- ',
    '{',
    '? ',
    '!!binary',
    '\t',
    '"',
    ': ',
    '%YAML 9',
    '  toString: { type: string }',
  );
  const text = fc.oneof(
    fc
      .array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 12 })
      .map((lines) => lines.join('\n')),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, (source) => {
      try {
        createRegistry(parseEventTypes(source, 'fuzz.yaml'));
      } catch (error) {
        assert.ok(error instanceof InvalidEventTypeError || error instanceof SchemaRegistrationError, String(error));
      }
    }),
    { numRuns: 3_000 },
  );
  assert.throws(() => parseEventTypes('kind: *nowhere', 'alias.yaml'), InvalidEventTypeError);
});

describe('the registry', () => {
  const registry = createRegistry(parseEventTypes(depositFailed, 'types.yaml'));
  const event = sampleEvent('u1', 1, { eventType: 'deposit_failed', properties: { amount_paise: 100 } });

  test('knows the types of the platform and of the deployment', () => {
    assert.deepEqual(
      registry.schemas.map(({ key }) => key),
      ['exposure', 'identity_linked', 'deposit_failed'],
    );
    assert.equal(registry.problemOf(event), undefined);
  });

  test('names what does not fit, and the remedy', () => {
    const problem = (changes: Parameters<typeof sampleEvent>[2]): string | undefined =>
      registry.problemOf({ ...event, ...changes });
    assert.match(problem({ eventType: 'deposit_faild' }) ?? '', /^event_type: "deposit_faild" is not registered; add/);
    assert.match(
      problem({ schemaVersion: 2 }) ?? '',
      /^schema_version: deposit_failed has no version 2; the newest is 1/,
    );
    assert.match(problem({ properties: { amount_paise: 1.5 } }) ?? '', /^properties\.amount_paise: /);
    assert.match(problem({ properties: { amount_paise: 1, error_code: null } }) ?? '', /^properties\.error_code: /);
    assert.match(
      problem({ properties: { amount_paise: 1, toString: 'x' } }) ?? '',
      /^properties\.toString: not declared/,
    );
  });

  test('wants versions from 1 without gaps, each once', () => {
    const version = (n: number): EventTypeSchema => ({ key: 'a', version: n, properties: {} });
    assert.throws(() => createRegistry([version(1), version(3)]), SchemaRegistrationError);
    assert.throws(() => createRegistry([version(1), version(1)]), /version 1 is defined twice/);
    assert.throws(
      () => createRegistry([{ key: 'exposure', version: 1, properties: {} }]),
      /exposure: version 1 is defined twice/,
    );
  });

  test('takes added optional properties and no other change', () => {
    const declaration: fc.Arbitrary<PropertyDeclaration> = fc.record(
      { type: fc.constantFrom(...PROPERTY_TYPES), required: fc.boolean() },
      { requiredKeys: ['type'] },
    );
    const properties = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'toString'), declaration);
    fc.assert(
      fc.property(properties, properties, (before, added) => {
        const isAdditive = Object.entries(added).every(
          ([name, { required }]) => !Object.hasOwn(before, name) && required !== true,
        );
        const register = (): unknown =>
          createRegistry([
            { key: 'a', version: 1, properties: before },
            { key: 'a', version: 2, properties: { ...before, ...added } },
          ]);
        const isSame = Object.entries(added).every(([name, to]) => {
          const from = Object.hasOwn(before, name) ? before[name] : undefined;
          return from === undefined
            ? to.required !== true
            : from.type === to.type && (from.required ?? false) === (to.required ?? false);
        });
        if (isAdditive || isSame) assert.doesNotThrow(register);
        else assert.throws(register, IncompatibleSchemaError);
      }),
    );
    const older: EventTypeSchema = { key: 'a', version: 1, open: true, properties: { x: { type: 'string' } } };
    assert.throws(
      () => createRegistry([older, { key: 'a', version: 2, properties: {} }]),
      /x is removed; undeclared properties are no longer taken\. A new version may only add optional properties/,
    );
  });
});
