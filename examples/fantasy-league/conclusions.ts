import { setTimeout as delay } from 'node:timers/promises';
import type { Scorecard } from '../../scorecard/scorecard.ts';
import type { Control } from './control.ts';
import type { Chances, SimulationReport } from './messages.ts';
import type { ExperimentResult } from './result.ts';
import { TRUTH } from './truth.ts';

export interface ConclusionInput {
  readonly control: Control;
  readonly report: SimulationReport;
}

/** What each experiment should come to, and the metric in which its effect is told. */
const EXPECTED = [
  { key: 'upi_retry', verdict: 'ship', metric: 'deposit_success' },
  { key: 'wallet_prompt', verdict: 'rollback', metric: 'contest_join' },
  { key: 'contest_card', verdict: 'invalid', metric: 'contest_join' },
] as const;

const VERDICTS: Readonly<Record<string, ExperimentResult['verdict']>> = {
  'experiment.shipped': 'ship',
  'experiment.rolled-back': 'rollback',
  'experiment.invalid': 'invalid',
  'experiment.inconclusive': 'inconclusive',
};

/** Puts the verdict of each experiment beside the truth. */
export async function concludeAll({ control, report }: ConclusionInput): Promise<ExperimentResult[]> {
  const truths: Readonly<Record<string, number>> = {
    upi_retry: liftOf(report.retry),
    wallet_prompt: liftOf(report.prompt),
    contest_card: TRUTH.cardGainRatio,
  };
  return await Promise.all(
    EXPECTED.map(async ({ key, verdict: expected, metric }) => {
      const ending = await control.endingOf(key);
      const verdict = VERDICTS[ending?.action ?? ''] ?? 'none';
      const scorecard = await finalScorecard(control, key);
      const readout = readoutOf(scorecard, metric);
      const interval = readout?.relative ?? null;
      return {
        key,
        verdict,
        estimate: interval?.estimate ?? null,
        interval: interval === null ? null : ([interval.lower, interval.upper] as const),
        metric: interval === null ? null : metric,
        truth: truths[key] ?? null,
        reason: ending?.reason ?? scorecard.summary,
        expected,
        isAsExpected: verdict === expected,
      };
    }),
  );
}

const LOOK_AGAIN_MS = 500;
const LOOKS = 60;

/** A kill comes between two judgements; the schedule makes the last scorecard soon after. */
async function finalScorecard(control: Control, key: string): Promise<Scorecard> {
  const closedAtMs = (await control.killOf(key))?.atMs ?? 0;
  for (let look = 1; ; look += 1) {
    const scorecard = await control.scorecard(key);
    if (scorecard.computedAtMs >= closedAtMs || look === LOOKS) return scorecard;
    await delay(LOOK_AGAIN_MS);
  }
}

function readoutOf({ readouts }: Scorecard, metricKey: string): Scorecard['readouts'][number] | undefined {
  return readouts.find((readout) => readout.metricKey === metricKey);
}

function liftOf(chances: Chances): number {
  return chances.with / chances.without - 1;
}
