import type { CausalReport, NextStep } from './report.ts';

/** What can be done about an answer: try it, measure more, or leave it. */
export function nextSteps({ status, effect, question, segments, sensitivity }: CausalReport): readonly NextStep[] {
  if (effect === null) return [];
  const steps: NextStep[] = [];
  const isClear = effect.lower > 0 || effect.upper < 0;
  const [strongest] = segments
    .filter(
      ({ adjustedPValue, effect: of }) =>
        adjustedPValue <= question.alpha && Math.sign(of.estimate) === Math.sign(effect.estimate),
    )
    .toSorted((a, b) => Math.abs(b.effect.estimate) - Math.abs(a.effect.estimate));
  if (isClear)
    steps.push({
      kind: 'experiment',
      sentence: `Try a change that makes ${question.treatment} ${effect.estimate < 0 ? 'rarer' : 'more frequent'}${strongest === undefined ? '' : `, first where ${strongest.segment} is ${strongest.value}, where the effect is largest`}: an experiment tells what this question can only suggest.`,
      document: draft(question.treatment, question.outcome, effect.estimate, strongest),
    });
  if (status === 'fragile') {
    const [hidden] = sensitivity?.robustness?.benchmarks ?? [];
    steps.push({
      kind: 'measure',
      sentence:
        hidden === undefined
          ? 'Measure what else the groups may differ in before acting on it.'
          : `Measure what may differ between the groups as strongly as ${hidden.covariate} does, or declare an outcome from before the treatment as a placebo.`,
      document: null,
    });
  }
  return steps;
}

function draft(
  treatment: string,
  outcome: string,
  estimate: number,
  segment: { readonly segment: string; readonly value: string } | undefined,
): string {
  const key = treatment.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  return [
    '# A draft: complete it, then `umpire experiment plan`.',
    'kind: experiment',
    `key: ${estimate < 0 ? 'fewer' : 'more'}_${key}`,
    `hypothesis: ${estimate < 0 ? 'Fewer' : 'More'} ${treatment} ${estimate < 0 ? 'raises' : 'changes'} ${outcome}`,
    'owner: ""',
    'unit: user',
    ...(segment === undefined
      ? []
      : ['targeting:', `  - attribute: ${segment.segment}`, `    in: [${JSON.stringify(segment.value)}]`]),
    'variants:',
    '  - key: control',
    '    weight: 50',
    '  - key: change',
    '    weight: 50',
    `primaryMetric: ${outcome}`,
    '',
  ].join('\n');
}
