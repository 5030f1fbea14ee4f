import { DURATION, testRules, type Rule } from './testing/rule-suite.ts';

// Every rule of the other documents by themselves.

const boolean = [
  { key: 'control', value: false },
  { key: 'treatment', value: true },
];
const FLAG = { kind: 'flag', key: 'it', owner: 'shop', type: 'boolean', variants: boolean };
const rule = (serve: object, key = 'first'): object => ({ key, serve });
const split = (...weights: readonly [variant: string, weight: number][]): object =>
  rule({ rollout: { weights: weights.map(([variant, weight]) => ({ variant, weight })) } });

const FLAG_RULES: readonly Rule[] = [
  [
    'a type',
    { type: 'bool' },
    'type: is not one of "boolean", "string", "number", "json" (did you mean "boolean"?); write one of them',
  ],
  [
    'values of its type',
    { variants: [boolean[0], { key: 'on', value: 'yes' }] },
    "variants[1].value: is string, but the flag's type is boolean",
  ],
  ['variants', { variants: [] }, 'variants: is empty; give at least one variant'],
  [
    'variants once',
    { variants: [...boolean, boolean[1]] },
    'variants[2].key: "treatment" is already a variant; rename one',
  ],
  ['a control among them', { control: 'off' }, 'control: "off" is not one of the variants: control, treatment'],
  ['true or false for enabled', { enabled: 'true' }, 'enabled: must be true or false'],
  [
    'rules once',
    { rules: [rule({ variant: 'treatment' }), rule({ variant: 'control' })] },
    'rules[1].key: "first" is already a rule of this flag; rename one',
  ],
  ['rules that serve something', { rules: [rule({})] }, 'rules[0].serve: must have either "variant" or "rollout"'],
  [
    'rules that serve a variant of the flag',
    { rules: [rule({ variant: 'blue' })] },
    'rules[0].serve: "blue" is not one of the variants: control, treatment',
  ],
  [
    'rollouts that sum to 100',
    { rules: [split(['control', 50], ['treatment', 49])] },
    'rules[0].serve.rollout.weights: weights sum to 99 percent; make them sum to 100',
  ],
  [
    'rollouts over something',
    { rules: [split()] },
    'rules[0].serve.rollout.weights: is empty; give the variants their shares',
  ],
  [
    'rollouts over each variant once',
    { rules: [split(['control', 50], ['control', 50])] },
    'rules[0].serve.rollout.weights[1]: "control" is weighted twice; keep one',
  ],
];

const METRIC = {
  kind: 'metric',
  key: 'it',
  owner: 'shop',
  type: 'count',
  event: 'ordered',
  window: '1h',
  goodDirection: 'increase',
};

const METRIC_RULES: readonly Rule[] = [
  [
    'a type',
    { type: 'average' },
    'type: is not one of "proportion", "count", "sum", "retention", "count_distinct", "ratio", "mean", "funnel", "quantile"; write one of them',
  ],
  [
    'an event type',
    { event: 'Order Made' },
    'event: is not an event type; use lower snake case, such as deposit_succeeded',
  ],
  ['a property for a sum', { type: 'sum' }, 'property: is missing; a sum names the property it adds up'],
  [
    'a property only for a sum',
    { property: 'amount' },
    'property: is only for sums, means, ratios, quantiles and count_distinct; leave it out, or make the type "sum" instead of "count"',
  ],
  ['a property for a mean', { type: 'mean' }, 'property: is missing; a mean names the property it averages'],
  [
    'a property for a count_distinct',
    { type: 'count_distinct' },
    'property: is missing; a count_distinct names the property whose values it counts',
  ],
  ['a denominator for a ratio', { type: 'ratio' }, 'denominator: is missing; a ratio names the events it divides by'],
  [
    'a denominator only for a ratio',
    { denominator: { event: 'order_made' } },
    'denominator: is only for ratios; leave it out of a count',
  ],
  [
    'a beginning of retention',
    { type: 'retention' },
    'from: is missing; retention counts events from then until the window closes, such as 6d',
  ],
  ['a beginning only of retention', { from: '1ms' }, 'from: is only for retention; leave it out of a count'],
  [
    'a retention that begins before the window closes',
    { type: 'retention', from: '999d' },
    'from: is not before the end of the window, so no event could count',
  ],
  [
    'a cap only of counts and sums',
    { type: 'proportion', cap: 3 },
    'cap: is only for counts and sums; leave it out of a proportion',
  ],
  ['a cap above 0', { cap: 0 }, 'cap: must be above 0'],
  [
    'a percentile cap only of counts and sums',
    { type: 'proportion', capPercentile: 99 },
    'capPercentile: is only for counts and sums; leave it out of a proportion',
  ],
  ['one cap', { cap: 3, capPercentile: 99 }, 'capPercentile: cannot stand beside cap; leave one of them out'],
  [
    'a percentile that cuts the upper end',
    { capPercentile: 5 },
    'capPercentile: must lie between 50 and 100, such as 99.5',
  ],
  ['steps of a funnel', { type: 'funnel' }, 'steps: is missing; a funnel names the steps that follow its event'],
  ['steps only of a funnel', { steps: [{ event: 'paid' }] }, 'steps: is only for funnels; leave it out of a count'],
  [
    'a given step that comes before the last',
    { type: 'funnel', steps: [{ event: 'paid' }], givenStep: 2 },
    'givenStep: must be a step before the last, from 1 to 1',
  ],
  [
    'no covariate of a funnel',
    { type: 'funnel', steps: [{ event: 'paid' }], covariate: '7d' },
    'covariate: is not for funnels, whose steps begin with the exposure; leave it out',
  ],
  [
    'a share of a quantile',
    { type: 'quantile', property: 'amount', quantile: 90 },
    'quantile: must be a number between 0 and 1, such as 0.9',
  ],
  [
    'a property of a quantile',
    { type: 'quantile', quantile: 0.9 },
    'property: is missing; a quantile names the property whose values it reads',
  ],
  ['a share only of a quantile', { quantile: 0.9 }, 'quantile: is only for quantiles; leave it out of a count'],
  [
    'numbers for greater_than',
    { where: [{ property: 'a', operator: 'greater_than', value: 'x' }] },
    'where[0].value: is not a number; greater_than compares numbers',
  ],
  [
    'a known operator',
    { where: [{ property: 'a', operator: 'like', value: 'x' }] },
    'where[0].operator: is not one of "equals", "not_equals", "greater_than", "less_than"; write one of them',
  ],
  ['a window', { window: undefined }, `window: is missing; ${DURATION}`],
  ['a window above 0', { window: '0s' }, 'window: must be longer than 0'],
  ['a window of at most ten years', { window: '4000d' }, 'window: "4000d" is longer than ten years (3650d)'],
  ['a covariate that is a duration', { covariate: '-1d' }, `covariate: "-1d" is not a duration; ${DURATION}`],
  ['a direction', { goodDirection: 'up' }, 'goodDirection: is not one of "increase", "decrease"; write one of them'],
];

const HOLDOUT = { kind: 'holdout', key: 'it', owner: 'shop', percent: 1 };

const HOLDOUT_RULES: readonly Rule[] = [
  ['a share', { percent: 0 }, 'percent: must be above 0; remove the holdout instead'],
  ['experiments once', { experiments: ['a', 'a'] }, 'experiments[1]: is listed twice; keep one'],
];

testRules(FLAG, FLAG_RULES);
testRules(METRIC, METRIC_RULES);
testRules(HOLDOUT, HOLDOUT_RULES);
