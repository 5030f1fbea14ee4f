import { z } from 'zod';
import type {
  FlagDefinition,
  FlagRule,
  HoldoutDefinition,
  LayerDefinition,
  SegmentDefinition,
  VariantValue,
} from '../flag.ts';
import { condition } from './condition.ts';
import { fields } from './fields.ts';
import { attributeName, key, listOf, percent, sentence, variantValue, weightBasisPoints } from './primitives.ts';
import { duplicates, weightProblem } from './variants.ts';

const rollout = fields({
  unit: attributeName.default('user'),
  weights: z
    .array(fields({ variant: key, weight: weightBasisPoints }))
    .min(1, 'is empty; give the variants their shares')
    .max(100, { error: 'has more than 100 variants', abort: true })
    .transform((weights) => weights.map(({ variant, weight }) => ({ variant, weightBasisPoints: weight }))),
}).superRefine(({ weights }, context) => {
  const problem = weightProblem(weights.map((entry) => entry.weightBasisPoints));
  if (weights.length > 0 && problem !== null) context.addIssue({ code: 'custom', path: ['weights'], message: problem });
});

/** The two forms of `serve` as one object, so that problems name the field that is wrong. */
const serve = fields({ variant: key.optional(), rollout: rollout.optional() }).transform(
  (written, context): FlagRule['serve'] => {
    if (written.variant !== undefined && written.rollout === undefined) return { variant: written.variant };
    if (written.rollout !== undefined && written.variant === undefined) return { rollout: written.rollout };
    context.addIssue('must have either "variant" or "rollout"');
    return z.NEVER;
  },
);

const rule = fields({ key, when: condition.nullable().default(null), serve });

export const flag = fields({
  kind: z.literal('flag'),
  key,
  owner: sentence,
  type: z.enum(['boolean', 'string', 'number', 'json']),
  variants: z
    .array(fields({ key, value: variantValue }))
    .min(1, 'is empty; give at least one variant')
    .max(100, { error: 'has more than 100 variants', abort: true }),
  control: key.default('control'),
  enabled: z.boolean().default(true),
  rules: listOf(rule),
})
  .superRefine(checkFlag)
  .transform((written): FlagDefinition => written);

function checkFlag(
  written: Pick<FlagDefinition, 'type' | 'variants' | 'control' | 'rules'>,
  context: z.RefinementCtx,
): void {
  const add = (path: PropertyKey[], message: string): void => context.addIssue({ code: 'custom', path, message });
  const keys = written.variants.map((variant) => variant.key);
  for (const index of duplicates(keys))
    add(['variants', index, 'key'], `"${keys[index]}" is already a variant; rename one`);
  for (const index of duplicates(written.rules.map((entry) => entry.key))) {
    add(['rules', index, 'key'], `"${written.rules[index]?.key}" is already a rule of this flag; rename one`);
  }
  for (const [index, variant] of written.variants.entries()) {
    if (written.type === 'json' || typeof variant.value === written.type) continue;
    add(['variants', index, 'value'], `is ${typeName(variant.value)}, but the flag's type is ${written.type}`);
  }
  if (keys.length > 0 && !keys.includes(written.control))
    add(['control'], `"${written.control}" is not one of the variants: ${keys.join(', ')}`);
  for (const [index, { serve: served }] of written.rules.entries()) {
    const named = 'variant' in served ? [served.variant] : served.rollout.weights.map((weight) => weight.variant);
    for (const name of named) {
      if (!keys.includes(name))
        add(['rules', index, 'serve'], `"${name}" is not one of the variants: ${keys.join(', ')}`);
    }
    for (const position of duplicates(named)) {
      add(
        ['rules', index, 'serve', 'rollout', 'weights', position],
        `"${named[position]}" is weighted twice; keep one`,
      );
    }
  }
}

/** A value's type in the words of flags. */
function typeName(value: VariantValue): 'boolean' | 'string' | 'number' | 'json' {
  const name = typeof value;
  return name === 'boolean' || name === 'string' || name === 'number' ? name : 'json';
}

export const segment = fields({ kind: z.literal('segment'), key, owner: sentence, when: condition }).transform(
  (written): SegmentDefinition => written,
);

export const layer = fields({
  kind: z.literal('layer'),
  key,
  owner: sentence,
  unit: attributeName.default('user'),
}).transform((written): LayerDefinition => written);

export const holdout = fields({
  kind: z.literal('holdout'),
  key,
  owner: sentence,
  unit: attributeName.default('user'),
  percent: percent.refine((value) => value > 0, 'must be above 0; remove the holdout instead'),
  experiments: listOf(key),
})
  .superRefine(({ experiments }, context) => {
    for (const index of duplicates(experiments)) {
      context.addIssue({ code: 'custom', path: ['experiments', index], message: 'is listed twice; keep one' });
    }
  })
  .transform((written): HoldoutDefinition => written);
