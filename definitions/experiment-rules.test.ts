import { DURATION, testRules, type Rule } from './testing/rule-suite.ts';

// Every rule of an experiment by itself: what breaks it, where the problem is told, and in which words.

const boolean = [
  { key: 'control', value: false },
  { key: 'treatment', value: true },
];
const stages = [
  { percent: 1, hold: '1h' },
  { percent: 50, hold: '7d' },
];
const EXPERIMENT = {
  kind: 'experiment',
  key: 'it',
  hypothesis: 'It helps.',
  owner: 'shop',
  variants: boolean,
  metrics: { primary: 'orders' },
  ramp: { stages },
};
const weighed = (...weights: readonly unknown[]): object => ({
  variants: weights.map((weight, index) => ({ key: index === 0 ? 'control' : `v${index}`, value: index, weight })),
});
const ramp = (fields: object): Record<string, unknown> => ({ ramp: { stages, ...fields } });
const ramped = (...percents: readonly unknown[]): Record<string, unknown> =>
  ramp({ stages: percents.map((percent) => ({ percent, hold: '1h' })) });

const KEY = 'is not a key; use a lower-case letter, then up to 63 lower-case letters, digits, "_" or "-"';
const INSTANT = 'is not an ISO 8601 time with offset, such as "2026-03-29T19:00:00+05:30"';
const EXPERIMENT_RULES: readonly Rule[] = [
  ['a key', { key: 'Upper Case' }, `key: ${KEY}`],
  ['a key of at most 64 characters', { key: 'k'.repeat(65) }, `key: ${KEY}`],
  ['a hypothesis', { hypothesis: ' ' }, 'hypothesis: is empty; write a few words'],
  ['an owner', { owner: undefined }, 'owner: is missing; give a text'],
  ['text that can be kept', { owner: 'a\0b' }, 'owner: contains a NUL or half a surrogate pair; remove it'],
  ['text where text is meant', { owner: 7 }, 'owner: must be a text (quote it where it looks like something else)'],
  ['short text', { owner: 'x'.repeat(10_001) }, 'owner: is longer than 10,000 characters; shorten it'],
  [
    'a unit',
    { unit: '1st' },
    'unit: is not an attribute name; use a letter or "_", then up to 63 letters, digits, "_", "-" or "."',
  ],
  ['a layer', { layer: 'No!' }, `layer: ${KEY}`],
  ['a list of segments', { segments: 'region' }, 'segments: must be a list'],
  ['segments once', { segments: ['region', 'os', 'region'] }, 'segments[2]: is listed twice; keep one'],
  ['variants', { variants: undefined }, 'variants: is missing; give a list'],
  [
    'two variants',
    { variants: boolean.slice(1) },
    'variants: has fewer than two variants; an experiment compares at least control and one other',
  ],
  [
    'variants of different names',
    { variants: [...boolean, { key: 'control', value: 1 }] },
    'variants[2].key: "control" is already a variant; rename one',
  ],
  ['a control among the variants', { control: 'off' }, 'control: "off" is not one of the variants: control, treatment'],
  [
    'a value for every variant',
    { variants: [...boolean, { key: 'third' }] },
    'variants[2].value: is missing; give every variant a value, such as true or "blue"',
  ],
  [
    'whole numbers that are exact',
    { variants: [...boolean, { key: 'third', value: 2 ** 60 }] },
    'variants[2].value: is beyond the whole numbers that a double holds exactly (9,007,199,254,740,991); write it as text',
  ],
  [
    'weights that sum to 100',
    weighed(50, 40) as Record<string, unknown>,
    'variants: weights sum to 90 percent; make them sum to 100',
  ],
  [
    'weights for all variants or none',
    weighed(50, undefined) as Record<string, unknown>,
    'variants: give every variant a weight, or none for equal shares',
  ],
  [
    'weights above 0',
    weighed(0, 100) as Record<string, unknown>,
    'variants[0].weight: must be above 0; leave the variant out instead',
  ],
  [
    'weights in basis points',
    weighed(33.333, 66.667) as Record<string, unknown>,
    'variants[0].weight: is finer than 0.01 percent, the smallest share there is; round it',
    'variants[1].weight: is finer than 0.01 percent, the smallest share there is; round it',
  ],
  ['a primary metric', { metrics: {} }, 'metrics.primary: is missing; give a text'],
  [
    'metrics once',
    { metrics: { primary: 'a', secondary: ['a', 'b', 'b'] } },
    'metrics.secondary[0]: "a" is already listed; keep one',
    'metrics.secondary[2]: "b" is already listed; keep one',
  ],
  [
    'a guardrail with a margin',
    { metrics: { primary: 'a', guardrails: [{ metric: 'b' }] } },
    'metrics.guardrails[0].margin: is missing; write it as 2% or 0.02',
  ],
  [
    'a margin between 0 and 1',
    { metrics: { primary: 'a', guardrails: [{ metric: 'b', margin: '200%' }] } },
    'metrics.guardrails[0].margin: is not a share between 0 and 1; write it as 2% or 0.02',
  ],
  [
    'one guardrail a metric',
    {
      metrics: {
        primary: 'a',
        guardrails: [
          { metric: 'b', margin: '2%' },
          { metric: 'b', margin: 0.1 },
        ],
      },
    },
    'metrics.guardrails[1].metric: has a guardrail already; keep one',
  ],
  [
    'a stopping rule',
    { stopping: { rule: 'peeking' } },
    'stopping.rule: is not one of "always-valid", "group-sequential", "fixed-horizon"; write one of them',
  ],
  [
    'the number of looks of a group-sequential experiment',
    { stopping: { rule: 'group-sequential' } },
    'stopping.looks: is missing; a group-sequential experiment says how often it is looked at',
  ],
  [
    'looks for no other rule',
    { stopping: { rule: 'fixed-horizon', looks: 3 } },
    'stopping.looks: goes with rule: group-sequential, not with fixed-horizon; remove it',
  ],
  [
    'enough units to end with',
    { stopping: { maximumUnits: 20 } },
    'stopping.maximumUnits: must be at least 200; below that no interval holds what it promises',
  ],
  [
    'futility for no other rule',
    { stopping: { rule: 'always-valid', futility: {} } },
    'stopping.futility: goes with rule: group-sequential, not with always-valid; remove it',
  ],
  [
    'no target for a look that is fixed in advance',
    { stopping: { rule: 'fixed-horizon', target: { effect: '2%' } } },
    'stopping.target: does not go with rule: fixed-horizon, whose look is fixed in advance; write maximumUnits instead',
  ],
  [
    'the effect of a target',
    { stopping: { target: { power: 0.9 } } },
    'stopping.target.effect: is missing; write it as 2% or 0.02',
  ],
  ['an error level above 0', { stopping: { alpha: 0 } }, 'stopping.alpha: must be above 0'],
  ['an error level of at most a half', { stopping: { alpha: 0.6 } }, 'stopping.alpha: must be at most 0.5'],
  ['approval as true or false', { approval: { required: 'yes' } }, 'approval.required: must be true or false'],
  ['a ramp', { ramp: undefined }, 'ramp: is missing; give an object with fields'],
  [
    'a stage',
    ramp({ stages: [] }),
    'ramp.stages: is empty; give at least one stage, such as { percent: 100, hold: 7d }',
  ],
  [
    'stages that grow',
    ramped(5, 5, 1),
    'ramp.stages[1].percent: 5 is not above the stage before it (5); a ramp only ever adds units',
    'ramp.stages[2].percent: 1 is not above the stage before it (5); a ramp only ever adds units',
  ],
  ['stages above 0 percent', ramped(0, 5), 'ramp.stages[0].percent: must be above 0'],
  ['stages of at most 100 percent', ramped(5, 101), 'ramp.stages[1].percent: is above 100; percent go from 0 to 100'],
  ['stages that are not negative', ramped(-1, 5), 'ramp.stages[0].percent: is below 0; percent go from 0 to 100'],
  [
    'stages in basis points',
    ramped(0.005),
    'ramp.stages[0].percent: is finer than 0.01 percent, the smallest share there is; round it',
  ],
  ['percent as a number', ramped('5'), 'ramp.stages[0].percent: must be a finite number'],
  [
    'a hold',
    ramp({ stages: [{ percent: 5, hld: '1h' }] }),
    `ramp.stages[0].hold: is missing; ${DURATION}`,
    'ramp.stages[0].hld: is not a field here (did you mean "hold"?); the fields are percent, hold',
  ],
  [
    'a hold with a unit',
    ramp({ stages: [{ percent: 5, hold: 3_600 }] }),
    `ramp.stages[0].hold: is not a duration; ${DURATION}`,
  ],
  [
    'a hold that is a duration',
    ramp({ stages: [{ percent: 5, hold: '1 hour' }] }),
    `ramp.stages[0].hold: "1 hour" is not a duration; ${DURATION}`,
  ],
  ['a hold above 0', ramp({ stages: [{ percent: 5, hold: '0s' }] }), 'ramp.stages[0].hold: must be longer than 0'],
  [
    'a time zone',
    ramp({ calendar: { timeZone: 'Asia/Calcuta' } }),
    'ramp.calendar.timeZone: is not an IANA time zone; write one such as Asia/Kolkata, Europe/Berlin or UTC',
  ],
  [
    'weekdays',
    ramp({ calendar: { timeZone: 'UTC', weekdays: ['mon', 'funday', 8] } }),
    'ramp.calendar.weekdays[1]: is not a weekday; write mon, tue, wed, thu, fri, sat, sun or 1 (Monday) to 7',
    'ramp.calendar.weekdays[2]: is not a weekday; write mon, tue, wed, thu, fri, sat, sun or 1 (Monday) to 7',
  ],
  [
    'at least one weekday',
    ramp({ calendar: { timeZone: 'UTC', weekdays: [] } }),
    'ramp.calendar.weekdays: is empty; leave it out for every day',
  ],
  [
    'times of day',
    ramp({ calendar: { timeZone: 'UTC', from: '25:00', to: '7pm' } }),
    'ramp.calendar.from: is not a time of day; write HH:MM in quotes, such as "09:30"',
    'ramp.calendar.to: is not a time of day; write HH:MM in quotes, such as "18:00" or "24:00"',
  ],
  [
    'a window within a day',
    ramp({ calendar: { timeZone: 'UTC', from: '18:00', to: '10:00' } }),
    'ramp.calendar.to: is not after "from"; a ramp window lies within one day',
  ],
  [
    'blackouts with offset and reason',
    ramp({ blackouts: [{ from: '2026-01-01T00:00:00', to: 'soon', why: '' }] }),
    `ramp.blackouts[0].from: ${INSTANT}`,
    `ramp.blackouts[0].to: ${INSTANT}`,
    'ramp.blackouts[0].why: is empty; write a few words',
  ],
  [
    'blackouts that end after they begin',
    ramp({ blackouts: [blackout('02', '01')] }),
    'ramp.blackouts[0].to: is not after "from"; swap them',
  ],
  [
    'blackouts in order',
    ramp({ blackouts: [blackout('02', '05'), blackout('04', '06')] }),
    'ramp.blackouts[1].from: begins before the one above it ends; put blackouts in order, without overlap',
  ],
  [
    'a misspelt field of the ramp',
    ramp({ calender: {} }),
    'ramp.calender: is not a field here (did you mean "calendar"?); the fields are stages, calendar, blackouts',
  ],
  [
    'a minimum below the maximum',
    { runtime: { minimum: '8d', maximum: '7d' } },
    'runtime.maximum: is shorter than the minimum (default 7d); raise it or lower the minimum',
  ],
  [
    'a maximum beyond the ramp',
    { runtime: { minimum: '1m', maximum: '1h' } },
    'runtime.maximum: (1h) is over before the last stage begins (after 1h); shorten the holds or raise it',
  ],
  [
    'a holdback with both',
    { holdback: { percent: 5 } },
    'holdback.for: goes together with "percent"; give both above 0, or leave the holdback out',
  ],
];

function blackout(fromDay: string, toDay: string): object {
  return { from: `2026-01-${fromDay}T00:00:00Z`, to: `2026-01-${toDay}T00:00:00Z`, why: 'a match' };
}

testRules(EXPERIMENT, EXPERIMENT_RULES);
