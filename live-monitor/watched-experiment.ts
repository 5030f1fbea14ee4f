import type { ControlStore, ExperimentRecord } from '../control-store/port.ts';
import type { ExperimentDefinition, Guardrail } from '../definitions/experiment.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import { isWatchable } from './metric-value.ts';

/**
 * One epoch of a running experiment with guardrails, as it was when the monitor first saw it: a metric that is edited meanwhile is watched
 * as it was, because half of the units would else be read by one definition and half by another.
 */
export interface WatchedExperiment {
  readonly experimentKey: string;
  readonly epoch: number;
  readonly unitType: string;
  readonly control: string;
  /** The variants that are compared with control. */
  readonly treatments: readonly string[];
  /** Two-sided error level of the stopping rule. */
  readonly alpha: number;
  readonly startedAtMs: number;
  readonly guardrails: readonly { readonly marginRatio: number; readonly metric: MetricDefinition }[];
}

/** Names one epoch. */
export function epochKey(epoch: { readonly experimentKey: string; readonly epoch: number }): string {
  return `${epoch.experimentKey}/${epoch.epoch}`;
}

/** Whether an experiment collects evidence that could still stop it. */
export function isCollecting(record: ExperimentRecord): boolean {
  const isLive = record.status === 'running' || record.status === 'paused';
  return isLive && !record.isKilled && record.enrolledAtMs !== null && record.analysisClosedAtMs === null;
}

/** Reads what there is to watch in an epoch; `null` where there is none: no guardrails that it can watch, or a
 * switchback, whose windows only the scorecard can compare. */
export async function readWatched(
  controlStore: Pick<ControlStore, 'getDefinition'>,
  record: ExperimentRecord,
): Promise<WatchedExperiment | null> {
  const { definition } = await controlStore.getDefinition('experiment', record.key, record.definitionVersion);
  if (definition.metrics.guardrails.length === 0 || definition.design?.type === 'switchback') return null;
  const guardrails = await Promise.all(
    definition.metrics.guardrails.map((guardrail) => withMetric(controlStore, guardrail)),
  );
  const watched = guardrails.filter(({ metric }) => isWatchable(metric));
  if (watched.length === 0) return null;
  return {
    experimentKey: record.key,
    epoch: record.epoch,
    unitType: definition.unit,
    control: definition.control,
    treatments: treatmentsOf(definition),
    alpha: definition.stopping.alpha,
    startedAtMs: record.startedAtMs ?? 0,
    guardrails: watched,
  };
}

async function withMetric(
  controlStore: Pick<ControlStore, 'getDefinition'>,
  { metric: key, marginRatio }: Guardrail,
): Promise<WatchedExperiment['guardrails'][number]> {
  const { definition } = await controlStore.getDefinition('metric', key);
  return { marginRatio, metric: definition };
}

function treatmentsOf(definition: ExperimentDefinition): string[] {
  return definition.variants.map((variant) => variant.key).filter((key) => key !== definition.control);
}
