import { z } from 'zod';
import { attributeOfDesign, type Design } from '../design.ts';
import { formatDuration } from '../duration.ts';
import type { ExperimentDefinition } from '../experiment.ts';
import { condition } from './condition.ts';
import { design } from './design.ts';
import { fields } from './fields.ts';
import {
  attributeName,
  duration,
  key,
  listOf,
  percent,
  positiveDuration,
  ratio,
  sentence,
  variantValue,
  weightBasisPoints,
} from './primitives.ts';
import { ramp } from './ramp.ts';
import { stopping } from './stopping.ts';
import { duplicates, sharesOf } from './variants.ts';

const DAY_MS = 86_400_000;

const variants = z
  .array(fields({ key, value: variantValue, weight: weightBasisPoints.optional() }))
  .min(2, 'has fewer than two variants; an experiment compares at least control and one other')
  .max(100, { error: 'has more than 100 variants', abort: true })
  .transform((written, context): ExperimentDefinition['variants'] => {
    const { shares, problem } = sharesOf(written);
    if (problem !== null) context.addIssue(problem);
    return written.map((variant, index) => ({
      key: variant.key,
      value: variant.value,
      weightBasisPoints: shares[index] ?? 0,
    }));
  });

/** Which metrics decide what. */
export const metricRoles = fields({
  primary: key,
  secondary: listOf(key),
  guardrails: listOf(
    fields({ metric: key, margin: ratio }).transform(({ metric, margin }) => ({ metric, marginRatio: margin })),
  ),
});

const runtime = fields({
  minimum: positiveDuration.default(7 * DAY_MS),
  maximum: positiveDuration.default(28 * DAY_MS),
})
  .refine(({ minimum, maximum }) => minimum <= maximum, {
    path: ['maximum'],
    error: 'is shorter than the minimum (default 7d); raise it or lower the minimum',
  })
  .transform(({ minimum, maximum }) => ({ minimumMs: minimum, maximumMs: maximum }));

const holdback = fields({ percent: percent.default(0), for: duration.default(0) })
  .refine((written) => written.percent > 0 === written.for > 0, {
    path: ['for'],
    error: 'goes together with "percent"; give both above 0, or leave the holdback out',
  })
  .transform((written) => ({ percent: written.percent, forMs: written.for }));

export const experiment = fields({
  kind: z.literal('experiment'),
  key,
  hypothesis: sentence,
  owner: sentence,
  flag: key.optional(),
  unit: attributeName.optional(),
  design: design.prefault({}),
  interference: sentence.optional(),
  layer: key.optional(),
  variants,
  control: key.default('control'),
  targeting: condition.nullable().default(null),
  segments: listOf(attributeName),
  affects: listOf(attributeName),
  metrics: metricRoles,
  stopping: stopping.prefault({}),
  approval: fields({ required: z.boolean().default(false) }).prefault({}),
  ramp,
  runtime: runtime.prefault({}),
  holdback: holdback.prefault({}),
})
  .superRefine(checkDesign)
  .transform(({ design, interference, unit, ...written }) => ({
    ...written,
    flag: written.flag ?? written.key,
    layer: written.layer ?? written.key,
    unit: unit ?? (design === null ? 'user' : attributeOfDesign(design)),
    ...(design === null ? {} : { design }),
    ...(interference === undefined ? {} : { interference }),
  }))
  .superRefine(checkExperiment)
  .transform((written): ExperimentDefinition => written);

interface WrittenDesign {
  readonly key: string;
  readonly unit?: string | undefined;
  readonly layer?: string | undefined;
  readonly design: Design | null;
  readonly interference?: string | undefined;
}

/** Whether what is randomized is what may be compared. */
function checkDesign({ design, ...written }: WrittenDesign, context: z.RefinementCtx): void {
  const add = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message });
  if (design === null) {
    if (written.interference === undefined) return;
    const remedy = 'randomize what shares it: add a design of type switchback (region and window), cluster or geo';
    add('interference', `says that units affect each other, so a user-level test would be wrong; ${remedy}`);
    return;
  }
  const attribute = attributeOfDesign(design);
  if (written.unit !== undefined && written.unit !== attribute)
    add('unit', `is "${written.unit}", but the design randomizes by ${attribute}; leave the unit out`);
  if (design.type !== 'switchback' || (written.layer ?? written.key) === written.key) return;
  add('layer', 'cannot be shared by a switchback, whose units are windows; leave it out');
}

function checkExperiment(written: ExperimentDefinition, context: z.RefinementCtx): void {
  const add = (path: PropertyKey[], message: string): void => context.addIssue({ code: 'custom', path, message });
  const keys = written.variants.map((variant) => variant.key);
  for (const index of duplicates(keys))
    add(['variants', index, 'key'], `"${keys[index]}" is already a variant; rename one`);
  if (!keys.includes(written.control))
    add(['control'], `"${written.control}" is not one of the variants: ${keys.join(', ')}`);
  for (const index of duplicates(written.segments)) add(['segments', index], 'is listed twice; keep one');

  checkMetricRoles(written.metrics, add);
  const rampMs = written.ramp.stages.slice(0, -1).reduce((total, stage) => total + stage.holdMs, 0);
  if (rampMs >= written.runtime.maximumMs) {
    const message = `(${formatDuration(written.runtime.maximumMs)}) is over before the last stage begins (after ${formatDuration(rampMs)}); shorten the holds or raise it`;
    add(['runtime', 'maximum'], message);
  }
}

/** @param add takes a path inside the document, and what is wrong there */
export function checkMetricRoles(
  metrics: ExperimentDefinition['metrics'],
  add: (path: PropertyKey[], message: string) => void,
): void {
  const secondary = [metrics.primary, ...metrics.secondary];
  for (const index of duplicates(secondary)) {
    add(['metrics', 'secondary', index - 1], `"${secondary[index]}" is already listed; keep one`);
  }
  for (const index of duplicates(metrics.guardrails.map((guardrail) => guardrail.metric))) {
    add(['metrics', 'guardrails', index, 'metric'], 'has a guardrail already; keep one');
  }
}
