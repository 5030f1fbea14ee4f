import { momentsFromSums, type Moments } from '../estimators/moments.ts';
import { checkGuardrail, sharedAlpha } from '../scorecard/guardrail.ts';
import type { Breach } from './breach.ts';
import type { ArmSums } from './postgres/arm-sums.ts';
import type { WatchedExperiment } from './watched-experiment.ts';

/** The guardrails that are breached beyond chance, by the scorecard's own check. */
export function findBreaches(experiment: WatchedExperiment, sums: readonly ArmSums[], nowMs: number): Breach[] {
  const { experimentKey, epoch, control, treatments, guardrails } = experiment;
  const alpha = sharedAlpha(experiment.alpha, guardrails.length * treatments.length);
  return guardrails.flatMap(({ metric, marginRatio }) => {
    const moments = (variant: string): Moments | null => momentsOf(sums, metric.key, variant);
    const controlMoments = moments(control);
    return treatments.flatMap((variant) => {
      const variantMoments = moments(variant);
      if (controlMoments === null || variantMoments === null) return [];
      const check = checkGuardrail({
        control: controlMoments,
        variant: variantMoments,
        goodDirection: metric.goodDirection,
        marginRatio,
        alpha,
      });
      if (check.status !== 'failed') return [];
      const reason = `guardrail ${metric.key} of variant ${variant}: ${check.reason}`;
      return [{ experimentKey, epoch, metricKey: metric.key, variant, reason, detectedAtMs: nowMs }];
    });
  });
}

function momentsOf(sums: readonly ArmSums[], metricKey: string, variant: string): Moments | null {
  const arm = sums.find((candidate) => candidate.metricKey === metricKey && candidate.variant === variant);
  return arm === undefined || arm.units === 0
    ? null
    : momentsFromSums({ count: arm.units, sum: arm.sum, sumOfSquares: arm.sumOfSquares });
}
