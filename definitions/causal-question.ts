import { z } from 'zod';
import { InvalidDefinitionError } from './definition.ts';
import { findingsOf, firstProblems } from './problems.ts';
import { listOf, positiveDuration, sentence, text } from './schema/primitives.ts';
import { readYaml } from './yaml.ts';

/** A question about what something did that nobody randomized, asked of the platform's own events. */
export interface CausalQuestion {
  /** Units for which this event follows their time zero at once are the treated. */
  readonly treatment: { readonly event: string; readonly withinMs: number };
  /** A metric of the catalogue, counted from time zero on for this long. */
  readonly outcome: {
    readonly metric: string;
    readonly windowMs: number;
    /** What the metric's values are divided by for readers, such as 100 from paise to rupees. */
    readonly divideBy: number;
    /** Such as Rs; empty: the metric's own unit. */
    readonly unit: string;
  };
  /** A unit's first such event of the last `windowMs` is its time zero. */
  readonly population: { readonly event: string; readonly windowMs: number };
  /** Keys of features, each as of time zero. */
  readonly covariates: readonly string[];
  readonly segments: readonly string[];
  /** Metrics that the treatment cannot have changed. */
  readonly negativeControls: readonly string[];
  readonly method: 'auto' | 'psm' | 'ipw' | 'aipw' | 'regression' | 'cem' | 'entropy-balancing' | 'subclassification';
  readonly estimand: 'ATT' | 'ATE' | 'ATO';
  readonly alpha: number;
  readonly seed: number;
}

const ONE_HOUR_MS = 3_600_000;

const schema = z
  .strictObject({
    kind: z.literal('causal_question').default('causal_question'),
    treatment: z.strictObject({ event: sentence, within: positiveDuration.default(ONE_HOUR_MS) }),
    outcome: z.strictObject({
      metric: sentence,
      window: positiveDuration,
      divideBy: z.number().gt(0, 'must be above 0').default(1),
      unit: text.default(''),
    }),
    population: z.strictObject({ event: sentence, window: positiveDuration }),
    covariates: z.array(sentence).min(1, 'is empty; name what may differ between the groups before the treatment'),
    segments: listOf(sentence),
    negativeControls: listOf(sentence),
    method: z
      .enum(['auto', 'psm', 'ipw', 'aipw', 'regression', 'cem', 'entropy-balancing', 'subclassification'])
      .default('auto'),
    estimand: z.enum(['ATT', 'ATE', 'ATO']).default('ATT'),
    alpha: z.number().gt(0, 'must lie between 0 and 1').lt(1, 'must lie between 0 and 1').default(0.05),
    seed: z.number().int('must be a whole number').min(0, 'must be at least 0').default(1),
    note: text.optional(),
  })
  .superRefine((question, context) => {
    if (question.treatment.event === question.population.event)
      context.addIssue({
        code: 'custom',
        path: ['treatment', 'event'],
        message: 'is the population event as well, so everybody would be treated; name what happens to some of them',
      });
    for (const [index, segment] of question.segments.entries())
      if (!question.covariates.includes(segment))
        context.addIssue({
          code: 'custom',
          path: ['segments', index],
          message: `is no covariate; add "${segment}" to the covariates, or leave it out`,
        });
  });

/**
 * Reads one question, YAML or JSON, with every default filled in. Whether the warehouse has its events is for the worker.
 *
 * @param sourceName named in problems, such as the file's name
 * @throws InvalidDefinitionError with everything that is wrong
 */
export function parseCausalQuestion(source: string, sourceName: string): CausalQuestion {
  const { documents, problems } = readYaml(source, sourceName);
  if (problems.length > 0) throw new InvalidDefinitionError(problems);
  const [document] = documents;
  if (document === undefined || documents.length > 1)
    throw new InvalidDefinitionError([
      { path: sourceName, message: `holds ${documents.length} documents; write one question` },
    ]);
  return checked(document.value, (path) => document.place('causal_question', path));
}

/** The same of a value that was read already, such as the input of a workflow that somebody started by hand. */
export function checkCausalQuestion(value: unknown): CausalQuestion {
  return checked(value, (path) => ['causal_question', ...path.map(String)].join('.'));
}

function checked(value: unknown, place: (path: readonly PropertyKey[]) => string): CausalQuestion {
  const result = schema.safeParse(value);
  if (!result.success)
    throw new InvalidDefinitionError(
      firstProblems(findingsOf(result.error, value), 'causal_question', ({ path, message }) => ({
        path: place(path),
        message,
      })),
    );
  const { treatment, outcome, population, kind: _kind, note: _note, ...rest } = result.data;
  return {
    ...rest,
    treatment: { event: treatment.event, withinMs: treatment.within },
    outcome: { metric: outcome.metric, windowMs: outcome.window, divideBy: outcome.divideBy, unit: outcome.unit },
    population: { event: population.event, windowMs: population.window },
  };
}
