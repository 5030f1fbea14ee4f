import { testRules, type Rule } from './testing/rule-suite.ts';

// Every rule of a condition, in an experiment's targeting.

const EXPERIMENT = {
  kind: 'experiment',
  key: 'it',
  hypothesis: 'It helps.',
  owner: 'shop',
  variants: [
    { key: 'control', value: false },
    { key: 'treatment', value: true },
  ],
  metrics: { primary: 'orders' },
  ramp: { stages: [{ percent: 50, hold: '7d' }] },
};
const targeting = (condition: unknown): Record<string, unknown> => ({ targeting: condition });
const compare = (operator: string, operand: object): Record<string, unknown> =>
  targeting({ attribute: 'a', operator, ...operand });

function nested(depth: number): unknown {
  return depth === 0 ? { attribute: 'a', operator: 'exists' } : { not: nested(depth - 1) };
}

const NO_CONDITION =
  'targeting: is not a condition; write { attribute, operator, value }, { all: […] }, { any: […] }, { not: … } or { segment }';

const CONDITION_RULES: readonly Rule[] = [
  ['targeting that is a condition', targeting([]), NO_CONDITION],
  ['targeting that is no text', targeting('everyone'), NO_CONDITION],
  ['conditions in all', targeting({ all: [] }), 'targeting.all: is empty; give at least one condition'],
  [
    'whole conditions in any',
    targeting({ any: [{ operator: 'exists' }] }),
    'targeting.any[0].attribute: is missing; give a text',
  ],
  [
    'one form of condition',
    targeting({ segment: 's', all: [nested(0)] }),
    'targeting.segment: is not a field here; the fields are all',
  ],
  [
    'conditions of at most 16 levels',
    targeting(nested(17)),
    `targeting${'.not'.repeat(17)}: is nested deeper than 16 levels; name a part of it as a segment`.replace(
      'targeting.not',
      'targeting.not',
    ),
  ],
  [
    'one value for equals',
    compare('equals', { values: [1, 2] }),
    'targeting.values: equals compares with exactly one value, not 2',
  ],
  ['a value for equals', compare('equals', {}), 'targeting.value: equals compares with exactly one value, not 0'],
  [
    'value or values',
    compare('in', { value: 1, values: [1] }),
    'targeting: has both "value" and "values"; keep one of them',
  ],
  [
    'a value that is a scalar',
    compare('equals', { value: null }),
    'targeting.value: is not text, a number, true or false',
  ],
  ['values for in', compare('in', { values: [] }), 'targeting.values: in needs at least one value'],
  [
    'no value for exists',
    compare('exists', { value: 1 }),
    'targeting.value: must be left out: exists compares with nothing',
  ],
  [
    'numbers for less_than',
    compare('less_than', { value: '5' }),
    'targeting.value: less_than compares with a number, not "5"',
  ],
  [
    'text for contains',
    compare('contains', { value: '' }),
    'targeting.value: contains compares with text that is not empty (quote it), not ""',
  ],
  [
    'whole versions',
    compare('semver_less_than', { value: '7.2' }),
    'targeting.value: semver_less_than compares with a full semantic version in quotes, such as "7.2.0", not "7.2"',
  ],
  [
    'times',
    compare('before', { value: 'yesterday' }),
    'targeting.value: before compares with an ISO 8601 date or time with offset, such as "2026-03-01" or "2026-03-01T19:30:00+05:30", not "yesterday"',
  ],
  [
    'days that exist',
    compare('before', { value: '2026-02-30' }),
    'targeting.value: before compares with an ISO 8601 date or time with offset, such as "2026-03-01" or "2026-03-01T19:30:00+05:30", not "2026-02-30"',
  ],
];

testRules(EXPERIMENT, CONDITION_RULES);
