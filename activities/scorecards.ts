import { Context } from '@temporalio/activity';
import type { ExperimentRecord, LifecycleStatus } from '../control-store/port.ts';
import { adjudicatePortfolio, type Portfolio } from '../scorecard/portfolio.ts';
import type { Scorecard } from '../scorecard/scorecard.ts';
import { summarize, type ScorecardSummary } from './scorecard-summary.ts';
import type { Judge, Ports } from './ports.ts';
import { whileHeartbeating } from './while-heartbeating.ts';

/** What a gate knows when it decides. */
export interface Judgement {
  readonly scorecard: ScorecardSummary;
  /** Whether a kill is in force. */
  readonly isKilled: boolean;
}

/** What a round over all running experiments did. */
export interface ScorecardRound {
  readonly refreshed: readonly string[];
  /** Experiments, and tables of results, with the reason. */
  readonly failed: readonly { readonly experimentKey: string; readonly reason: string }[];
  /** All of them judged together; rounds of before 2026-11-23 have none. */
  readonly portfolio?: Portfolio;
}

export interface ScorecardActivities {
  /** Computes and stores an experiment's scorecard. Throws where it cannot be computed; the last one is not shown as new. */
  refreshScorecard(input: { readonly experimentKey: string }): Promise<Judgement>;
  /** Does so for every experiment that collects evidence; one that fails is reported and does not stop the others. */
  refreshRunningScorecards(): Promise<ScorecardRound>;
}

const COLLECTING: ReadonlySet<LifecycleStatus> = new Set(['running', 'paused']);

export function createScorecardActivities(ports: Ports): ScorecardActivities {
  const { controlStore, judge } = ports;
  async function refresh(experimentKey: string, judgeNow = judge): Promise<Scorecard> {
    const scorecard = await judgeNow(experimentKey);
    await controlStore.saveScorecard(scorecard);
    return scorecard;
  }

  return {
    async refreshScorecard({ experimentKey }) {
      const scorecard = await whileHeartbeating(() => refresh(experimentKey));
      try {
        await writeResults(ports, scorecard);
      } catch (error) {
        // A decision does not wait for those who read along; the next round writes them again.
        Context.current().log.error('results could not be written to the warehouse', { experimentKey, error });
      }
      // Read after the judgement, which may take long, so that a kill in between is seen.
      const record = await controlStore.getExperiment(experimentKey);
      return { scorecard: summarize(scorecard), isKilled: record.isKilled };
    },

    async refreshRunningScorecards() {
      const records = await controlStore.listExperiments();
      const running = records.filter((record) => COLLECTING.has(record.status) && record.enrolledAtMs !== null);
      for (const record of records) {
        if (!running.includes(record) && (await lacksFinalScorecard(controlStore, record))) running.push(record);
      }
      return await whileHeartbeating(async () => {
        const refreshed: string[] = [];
        const scorecards: Scorecard[] = [];
        const failed: { experimentKey: string; reason: string }[] = [];
        const judgeNow = await judgeOfRound(
          ports,
          running.map(({ key }) => key),
        );
        for (const { key } of running) {
          Context.current().cancellationSignal.throwIfAborted();
          try {
            const scorecard = await refresh(key, judgeNow);
            refreshed.push(key);
            scorecards.push(scorecard);
            await writeResults(ports, scorecard);
          } catch (error) {
            const reason = error instanceof Error ? error.message : String(error);
            failed.push({ experimentKey: key, reason });
            Context.current().log.error('scorecard could not be refreshed', { experimentKey: key, error });
          }
        }
        failed.push(...(await refreshTables(ports)));
        return { refreshed, failed, portfolio: shortened(adjudicatePortfolio(scorecards)) };
      });
    },
  };
}

/** One pass for all of them. Where it fails, each is judged by itself, so that one experiment does not stop the others. */
async function judgeOfRound({ judge, judgeTogether }: Ports, experimentKeys: readonly string[]): Promise<Judge> {
  if (judgeTogether === undefined || experimentKeys.length < 2) return judge;
  try {
    return await judgeTogether(experimentKeys);
  } catch (error) {
    Context.current().log.error('experiments could not be counted together; each is counted by itself', { error });
    return judge;
  }
}

const MOST_ENTRIES = 200;

/** The surest of them: a history holds two megabytes. */
function shortened(portfolio: Portfolio): Portfolio {
  return {
    ...portfolio,
    entries: portfolio.entries.slice(0, MOST_ENTRIES),
    withoutEffect: portfolio.withoutEffect.slice(0, MOST_ENTRIES),
  };
}

async function writeResults({ controlStore, results }: Ports, scorecard: Scorecard): Promise<void> {
  if (results === undefined) return;
  const { experimentKey } = scorecard;
  const { definitionVersion } = await controlStore.getExperiment(experimentKey);
  const { definition } = await controlStore.getDefinition('experiment', experimentKey, definitionVersion);
  await results.tables.writeScorecard(scorecard, definition);
}

/** The tables of results that could not be brought up to date. */
async function refreshTables({ results }: Ports): Promise<ScorecardRound['failed']> {
  if (results === undefined) return [];
  const { tables, deadLetters } = results;
  const work = {
    exposures_daily: () => tables.refreshExposures(),
    dead_letters: () => tables.copyDeadLetters(deadLetters),
  };
  const failed: { experimentKey: string; reason: string }[] = [];
  for (const [table, refresh] of Object.entries(work)) {
    try {
      await refresh();
    } catch (error) {
      failed.push({ experimentKey: table, reason: error instanceof Error ? error.message : String(error) });
      Context.current().log.error('a table of results could not be refreshed', { table, error });
    }
  }
  return failed;
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
