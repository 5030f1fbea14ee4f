import { cuped } from '../estimators/cuped.ts';
import type { ProportionSequence } from '../estimators/stopping/proportion-sequence.ts';
import type { JudgedMetric, ScorecardInput } from './build.ts';
import { isTooSkewed } from './skewed-totals.ts';
import { checkGuardrail, sharedAlpha } from './guardrail.ts';
import { statisticsOf, treatmentsOf } from './arms.ts';
import { harmOf, rareProportion } from './rare-proportion.ts';
import type { Gate } from './scorecard.ts';
import { percent, signedPercent } from './wording.ts';

/** One gate for each guardrail and variant. */
export function guardrailGates(input: ScorecardInput): Gate[] {
  const { definition, metrics } = input;
  const { guardrails } = definition.metrics;
  const treatments = treatmentsOf(definition);
  const alpha = sharedAlpha(definition.stopping.alpha, guardrails.length * treatments.length);
  return guardrails.flatMap(({ metric: metricKey, marginRatio }) => {
    const metric = metrics.get(metricKey);
    if (metric === undefined) throw new RangeError(`scorecard: the definition of metric ${metricKey} is missing`);
    return treatments.map((variant): Gate => {
      const control = statisticsOf(input.statistics, metricKey, definition.control);
      const treatment = statisticsOf(input.statistics, metricKey, variant);
      if (control === null || treatment === null) {
        return { gate: 'guardrail', metricKey, status: 'waiting', reason: `${metricKey}: no matured units yet` };
      }
      const rare = rareProportion({ definition, metric, variant, control, treatment, alpha });
      if (rare !== null) return rareGate(rare, { metric, variant, marginRatio });
      if (isTooSkewed(metric, control, treatment)) {
        const reason = `${metricKey}, ${variant}: too few units of the smaller arm carry its mean yet`;
        return { gate: 'guardrail', metricKey, status: 'inconclusive', reason };
      }
      const arms = cuped(control, treatment);
      const { status, reason } = checkGuardrail({
        control: arms.control,
        variant: arms.treatment,
        goodDirection: metric.goodDirection,
        marginRatio,
        alpha,
      });
      return { gate: 'guardrail', metricKey, status, reason: `${metricKey}, ${variant}: ${reason}` };
    });
  });
}

interface RareGuardrail {
  readonly metric: JudgedMetric;
  readonly variant: string;
  readonly marginRatio: number;
}

/** As of `checkGuardrail`, from an exact interval. */
function rareGate(rare: ProportionSequence, { metric, variant, marginRatio }: RareGuardrail): Gate {
  const harm = harmOf(rare, { goodDirection: metric.goodDirection, marginRatio });
  const { estimate, lower, upper } = rare.relative;
  const bound = (value: number): string => (Number.isFinite(value) ? signedPercent(value) : 'without bound');
  const observed = `${bound(estimate)} (${bound(lower)} to ${bound(upper)}; a rare outcome, read exactly)`;
  const margin = `a harm of ${percent(marginRatio)}`;
  const gate = { gate: 'guardrail', metricKey: metric.key } as const;
  const say = (what: string): string => `${metric.key}, ${variant}: ${observed} ${what}`;
  if (harm === 'beyond') return { ...gate, status: 'failed', reason: say(`is beyond ${margin}`) };
  if (harm === 'within') return { ...gate, status: 'passed', reason: say(`excludes ${margin}`) };
  return { ...gate, status: 'inconclusive', reason: say(`does not exclude ${margin} yet`) };
}
