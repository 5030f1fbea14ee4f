import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDefinitions } from './parse.ts';
import { testRules, type Rule } from './testing/rule-suite.ts';

// What an experiment says of its design, and when it may not go without one.

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
  ramp: {
    stages: [
      { percent: 1, hold: '1h' },
      { percent: 50, hold: '7d' },
    ],
  },
};
const hourly = { type: 'switchback', region: 'city', window: '1h' };

const RULES: readonly Rule[] = [
  [
    'a design where units affect each other',
    { interference: 'users share the seats of a contest' },
    'interference: says that units affect each other, so a user-level test would be wrong; randomize what shares it: add a design of type switchback (region and window), cluster or geo',
  ],
  [
    'the region of a switchback',
    { design: { type: 'switchback', window: '1h' } },
    'design.region: is missing; name the attribute that a switchback design randomizes by',
  ],
  [
    'the window of a switchback',
    { design: { type: 'switchback', region: 'city' } },
    'design.window: is missing; give the length of a window, such as 1h',
  ],
  [
    'windows that begin at the same times of day',
    { design: { ...hourly, window: '7h' } },
    'design.window: must divide a day or be whole days, so that windows begin at the same times of day (UTC); take 30m, 1h, 2h, 6h or 1d',
  ],
  [
    'windows that clocks agree on',
    { design: { ...hourly, window: '10s' } },
    'design.window: is shorter than a minute; the clocks of services do not agree so well',
  ],
  [
    'something left after the burn-in',
    { design: { ...hourly, burnIn: '1h' } },
    'design.burnIn: leaves nothing of the window; make it shorter',
  ],
  [
    'fields of the design that it has',
    { design: { type: 'cluster', cluster: 'school', window: '1h' } },
    'design.window: is no field of a cluster design; remove it',
  ],
  [
    'the cluster of a cluster design',
    { design: { type: 'cluster' } },
    'design.cluster: is missing; name the attribute that a cluster design randomizes by',
  ],
  [
    'the unit that the design randomizes',
    { design: hourly, unit: 'user' },
    'unit: is "user", but the design randomizes by city; leave the unit out',
  ],
  [
    'a layer of its own for a switchback',
    { design: hourly, layer: 'prices' },
    'layer: cannot be shared by a switchback, whose units are windows; leave it out',
  ],
];

testRules(EXPERIMENT, RULES);

const parsed = (fields: object) => parseDefinitions(JSON.stringify({ ...EXPERIMENT, ...fields }), 'x')[0];

test('a switchback randomizes its region, by windows', () => {
  const found = parsed({ design: { ...hourly, burnIn: '5m' }, interference: 'users share the seats' });
  assert.ok(found?.kind === 'experiment');
  assert.equal(found.unit, 'city');
  assert.deepEqual(found.design, { type: 'switchback', region: 'city', windowMs: 3_600_000, burnInMs: 300_000 });
});

test('a user-level experiment is as it was without the field', () => {
  assert.deepEqual(parsed({ design: { type: 'user-level' } }), parsed({}));
});
