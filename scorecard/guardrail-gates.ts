import { cuped } from '../estimators/cuped.ts';
import type { ScorecardInput } from './build.ts';
import { checkGuardrail, sharedAlpha } from './guardrail.ts';
import { statisticsOf, treatmentsOf } from './arms.ts';
import type { Gate } from './scorecard.ts';

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
