import { z } from 'zod';
import { formatDuration } from '../duration.ts';
import type { SourceExperiment } from '../warehouse-source.ts';
import { checkMetricRoles, metricRoles } from './experiment.ts';
import { stopping } from './stopping.ts';
import { fields } from './fields.ts';
import { key, positiveDuration, sentence, text, weightBasisPoints } from './primitives.ts';
import { instant } from './times.ts';
import { duplicates, sharesOf } from './variants.ts';

const DAY_MS = 86_400_000;
const DEFAULT_MINIMUM_MS = 7 * DAY_MS;
const DEFAULT_MAXIMUM_MS = 28 * DAY_MS;

/** YAML reads 0 and true as what they are; the variant column is read as text. */
const label = z
  .union([sentence, z.int(), z.boolean()], { error: 'is not a text, a whole number, true or false' })
  .transform(String);

const variants = z
  .array(fields({ key: label, weight: weightBasisPoints.optional() }))
  .min(2, 'has fewer than two variants; an experiment compares at least control and one other')
  .max(100, { error: 'has more than 100 variants', abort: true })
  .transform((written, context): SourceExperiment['variants'] => {
    const { shares, problem } = sharesOf(written);
    if (problem !== null) context.addIssue(problem);
    const keys = written.map((variant) => variant.key);
    for (const index of duplicates(keys))
      context.addIssue({ code: 'custom', path: [index, 'key'], message: `"${keys[index]}" is already a variant` });
    return written.map((variant, index) => ({ key: variant.key, weightBasisPoints: shares[index] ?? 0 }));
  });

type Written = Omit<SourceExperiment, 'assignments'> & { readonly assignments?: string | undefined };

/** An experiment that somebody else randomized. */
export const experimentInWarehouse = fields({
  key,
  assignedAs: label.optional(),
  assignments: key.optional(),
  hypothesis: text.default(''),
  variants,
  control: label.default('control'),
  metrics: metricRoles,
  stopping: stopping.prefault({}),
  runtime: fields({ minimum: positiveDuration.optional(), maximum: positiveDuration.optional() }).prefault({}),
  from: instant,
  to: instant.nullable().default(null),
})
  .transform(({ from, to, runtime, assignedAs, ...rest }): Written => {
    const fromMs = Date.parse(from);
    const toMs = to === null ? null : Date.parse(to);
    return {
      ...rest,
      assignedAs: assignedAs ?? rest.key,
      fromMs,
      toMs,
      runtime: {
        minimumMs: runtime.minimum ?? DEFAULT_MINIMUM_MS,
        maximumMs: runtime.maximum ?? (toMs === null ? DEFAULT_MAXIMUM_MS : Math.max(1, toMs - fromMs)),
      },
    };
  })
  .superRefine(checkExperiment);

function checkExperiment(written: Written, context: z.RefinementCtx): void {
  const { control, fromMs, metrics, runtime, toMs, variants: arms } = written;
  const add = (path: PropertyKey[], message: string): void => context.addIssue({ code: 'custom', path, message });
  const keys = arms.map((variant) => variant.key);
  if (!keys.includes(control)) add(['control'], `"${control}" is not one of the variants: ${keys.join(', ')}`);
  checkMetricRoles(metrics, add);
  if (toMs !== null && toMs <= fromMs) add(['to'], 'is not after "from"; swap them');
  else if (runtime.minimumMs > runtime.maximumMs) {
    const minimum = formatDuration(runtime.minimumMs);
    const longest = formatDuration(runtime.maximumMs);
    add(['runtime', 'minimum'], `(${minimum}) is longer than the experiment can run (${longest}); lower it`);
  }
}
