import type { ExperimentAnalysis } from '../experiment/result.ts';
import { effectText } from './numbers.ts';

/** What the file says about the primary metric, a sentence per arm, and about whom it harms. */
export function conclusion({ reason, metrics, warnings }: ExperimentAnalysis): string {
  if (reason !== null) return reason;
  const [primary, ...others] = metrics;
  if (primary === undefined) return 'There is no metric.';
  const sentences = primary.comparisons.map(({ arm, control, reading, absolute, relative }) => {
    const effect = effectText(absolute, relative);
    if (reading === 'not shown')
      return `No effect of ${arm} on ${primary.metric} is shown: ${effect} against ${control}.`;
    return `${arm} is ${reading} than ${control} on ${primary.metric}: ${effect}.`;
  });
  const worse = others.flatMap(({ metric, comparisons }) =>
    comparisons.filter(({ reading }) => reading === 'worse').map(({ arm }) => `${arm} is worse on ${metric}`),
  );
  if (worse.length > 0) sentences.push(`But ${worse.join(', ')}.`);
  const harmed = warnings.filter(({ code }) => code === 'harmed-segment').length;
  if (harmed > 0) sentences.push(`${harmed} ${harmed === 1 ? 'segment is' : 'segments are'} harmed, see the warnings.`);
  return sentences.join('\n');
}
