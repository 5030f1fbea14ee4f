import type { KillRecord } from '../control-store/port.ts';
import type { WatchedExperiment } from './watched-experiment.ts';

/** A guardrail that was breached, as far as the live monitor can tell beyond chance. */
export interface Breach {
  readonly experimentKey: string;
  readonly epoch: number;
  readonly metricKey: string;
  readonly variant: string;
  /** A sentence with the numbers. */
  readonly reason: string;
  readonly detectedAtMs: number;
}

/** A breach and the kill that was published for it. */
export interface PublishedBreach extends Breach {
  readonly kill: KillRecord;
}

/** The name under which the monitor acts in the audit. */
export const LIVE_MONITOR = 'live-monitor';

/** One kill for each epoch, however often and by however many monitors it is asked for. */
export function killStepKey({ experimentKey, epoch }: Pick<WatchedExperiment, 'experimentKey' | 'epoch'>): string {
  return `${LIVE_MONITOR}/${experimentKey}/${epoch}`;
}
