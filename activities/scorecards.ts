import { Context } from '@temporalio/activity';
import type { ExperimentRecord, LifecycleStatus } from '../control-store/port.ts';
import { summarize, type ScorecardSummary } from './scorecard-summary.ts';
import type { Ports } from './ports.ts';

/** What a gate knows when it decides. */
export interface Judgement {
  readonly scorecard: ScorecardSummary;
  /** Whether a kill is in force. */
  readonly isKilled: boolean;
}

/** What a round over all running experiments did. */
export interface ScorecardRound {
  readonly refreshed: readonly string[];
  readonly failed: readonly { readonly experimentKey: string; readonly reason: string }[];
}

export interface ScorecardActivities {
  /** Computes and stores an experiment's scorecard. Throws where it cannot be computed; the last one is not shown as new. */
  refreshScorecard(input: { readonly experimentKey: string }): Promise<Judgement>;
  /** Does so for every experiment that collects evidence; one that fails is reported and does not stop the others. */
  refreshRunningScorecards(): Promise<ScorecardRound>;
}

/** Shorter than the workflows' heartbeat timeout by a wide margin. */
const HEARTBEAT_EVERY_MS = 5_000;
const COLLECTING: ReadonlySet<LifecycleStatus> = new Set(['running', 'paused']);

export function createScorecardActivities({ controlStore, judge }: Ports): ScorecardActivities {
  async function refresh(experimentKey: string): Promise<ScorecardSummary> {
    const scorecard = await judge(experimentKey);
    await controlStore.saveScorecard(scorecard);
    return summarize(scorecard);
  }

  return {
    async refreshScorecard({ experimentKey }) {
      const scorecard = await whileHeartbeating(() => refresh(experimentKey));
      // Read after the judgement, which may take long, so that a kill in between is seen.
      const record = await controlStore.getExperiment(experimentKey);
      return { scorecard, isKilled: record.isKilled };
    },

    async refreshRunningScorecards() {
      const records = await controlStore.listExperiments();
      const running = records.filter((record) => COLLECTING.has(record.status) && record.enrolledAtMs !== null);
      for (const record of records) {
        if (!running.includes(record) && (await lacksFinalScorecard(controlStore, record))) running.push(record);
      }
      return await whileHeartbeating(async () => {
        const refreshed: string[] = [];
        const failed: { experimentKey: string; reason: string }[] = [];
        for (const { key } of running) {
          Context.current().cancellationSignal.throwIfAborted();
          try {
            await refresh(key);
            refreshed.push(key);
          } catch (error) {
            const reason = error instanceof Error ? error.message : String(error);
            failed.push({ experimentKey: key, reason });
            Context.current().log.error('scorecard could not be refreshed', { experimentKey: key, error });
          }
        }
        return { refreshed, failed };
      });
    },
  };
}

/** Says "still alive" while warehouse SQL runs, so that a worker that died is noticed long before the work's timeout. */
async function whileHeartbeating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

const FINAL_WITHIN_MS = 86_400_000;

/** A kill ends an experiment between two judgements: what was known by then is judged once more, at the end of the analysis. */
async function lacksFinalScorecard(
  controlStore: Ports['controlStore'],
  { key, isKilled, epoch, analysisClosedAtMs }: ExperimentRecord,
): Promise<boolean> {
  if (!isKilled || analysisClosedAtMs === null || Date.now() - analysisClosedAtMs > FINAL_WITHIN_MS) return false;
  const latest = await controlStore.latestScorecard(key);
  return latest === null || latest.epoch !== epoch || latest.computedAtMs < analysisClosedAtMs;
}
