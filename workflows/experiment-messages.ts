import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ScorecardSummary } from '../activities/scorecard-summary.ts';
import type { Actor } from '../control-store/port.ts';
import type { ExperimentView } from './experiment-state.ts';

/** Who asks, and why. Every update carries it. */
export interface Asked {
  readonly actor: Actor;
}
export interface RampAsked extends Asked {
  /** From 1. */
  readonly stage: number;
}
export interface ShipAsked extends Asked {
  readonly variant: string;
}
export interface KilledNews extends Asked {
  readonly killId: string;
}

/** Give the approval that the experiment waits for. */
export const approve = defineUpdate<ExperimentView, [Asked]>('approve');
/** Hold the ramp where it is. Nobody's variant changes. */
export const pause = defineUpdate<ExperimentView, [Asked]>('pause');
/** Let a paused ramp go on. */
export const resume = defineUpdate<ExperimentView, [Asked]>('resume');
/** Go to a later stage without waiting for the hold. Gates and windows still count. */
export const ramp = defineUpdate<ExperimentView, [RampAsked]>('ramp');
/** Force control at once, then roll back. */
export const kill = defineUpdate<ExperimentView, [Asked]>('kill');
/** Serve one variant to everybody. */
export const ship = defineUpdate<ExperimentView, [ShipAsked]>('ship');
/** Serve control to everybody and close the analysis. */
export const rollBack = defineUpdate<ExperimentView, [Asked]>('rollBack');

/**
 * From the live monitor: the kill is already published. A signal, because it must be kept while no worker runs; the same kill may come
 * again.
 */
export const killed = defineSignal<[KilledNews]>('killed');

/** Where the experiment stands. */
export const stateQuery = defineQuery<ExperimentView>('state');
/** The newest scorecard, in short; null before the first. */
export const scorecardQuery = defineQuery<ScorecardSummary | null>('scorecard');
