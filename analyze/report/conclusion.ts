import type { Comparison, ExperimentAnalysis } from '../experiment/result.ts';
import { effectText, percent, signedPercent, value } from './numbers.ts';

/** What the file says about the primary metric, a sentence per arm, and about whom it harms. */
export function conclusion({ reason, metrics, warnings }: ExperimentAnalysis): string {
  if (reason !== null) return reason;
  const [primary, ...others] = metrics;
  if (primary === undefined) return 'There is no metric.';
  const sentences = primary.comparisons.map(
    ({ arm, control, reading, absolute, relative, futility, afterStopping }) => {
      const effect = effectText(absolute, relative);
      const mean = primary.arms.find((each) => each.arm === control)?.mean ?? 0;
      const inWords = (of: number): string => (mean > 0 ? signedPercent(of / mean) : value(of));
      if (reading === 'not shown')
        return `No effect of ${arm} on ${primary.metric} is shown: ${effect} against ${control}.${hope(futility, inWords)}`;
      return `${arm} is ${reading} than ${control} on ${primary.metric}: ${effect}.${unbiased(afterStopping, inWords)}`;
    },
  );
  const worse = others.flatMap(({ metric, comparisons }) =>
    comparisons.filter(({ reading }) => reading === 'worse').map(({ arm }) => `${arm} is worse on ${metric}`),
  );
  if (worse.length > 0) sentences.push(`But ${worse.join(', ')}.`);
  const harmed = warnings.filter(({ code }) => code === 'harmed-segment').length;
  if (harmed > 0) sentences.push(`${harmed} ${harmed === 1 ? 'segment is' : 'segments are'} harmed, see the warnings.`);
  return sentences.join('\n');
}

function hope(futility: Comparison['futility'], inWords: (of: number) => string): string {
  if (futility === null) return '';
  const { isFutile, boundary, detectableEffect, power } = futility;
  if (boundary === null) return ' It is too early to give up.';
  const planned = `the planned end finds ${inWords(detectableEffect)} with ${percent(power, 0)}`;
  return isFutile
    ? ` Going on is futile: the effect has not reached the futility boundary of ${inWords(boundary)} (${planned}).`
    : ` There is hope left: the effect is beyond the futility boundary of ${inWords(boundary)} (${planned}).`;
}

function unbiased(after: Comparison['afterStopping'], inWords: (of: number) => string): string {
  if (after === null) return '';
  const { estimate, lower, upper } = after;
  return ` If the experiment ends here, report ${inWords(estimate)} (${inWords(lower)} to ${inWords(upper)}): median-unbiased after looks that could have ended it.`;
}
