import type { Experiment } from '@third-umpire/proto/umpire/control/v1/control';
import type { Scorecard } from '../../scorecard/scorecard.ts';
import type { Control } from './control.ts';
import type { Chances, SimulationReport } from './messages.ts';
import type { ExperimentResult } from './result.ts';
import { TRUTH } from './truth.ts';

export interface ConclusionInput {
  readonly control: Control;
  readonly experiments: ReadonlyMap<string, Experiment>;
  readonly report: SimulationReport;
}

/** What each experiment should come to, and the metric in which its effect is told. */
const EXPECTED = [
  { key: 'upi_retry', verdict: 'ship', metric: 'deposit_success' },
  { key: 'wallet_prompt', verdict: 'rollback', metric: 'contest_join' },
  { key: 'contest_card', verdict: 'invalid', metric: 'contest_join' },
] as const;

const VERDICTS: Readonly<Partial<Record<Experiment['status'], ExperimentResult['verdict']>>> = {
  LIFECYCLE_STATUS_SHIPPED: 'ship',
  LIFECYCLE_STATUS_ARCHIVED: 'ship',
  LIFECYCLE_STATUS_ROLLED_BACK: 'rollback',
  LIFECYCLE_STATUS_INVALID: 'invalid',
  LIFECYCLE_STATUS_INCONCLUSIVE: 'inconclusive',
};

/** Puts the verdict of each experiment beside the truth. */
export async function concludeAll({ control, experiments, report }: ConclusionInput): Promise<ExperimentResult[]> {
  const truths: Readonly<Record<string, number>> = {
    upi_retry: liftOf(report.retry),
    wallet_prompt: liftOf(report.prompt),
    contest_card: TRUTH.cardGainRatio,
  };
  return await Promise.all(
    EXPECTED.map(async ({ key, verdict: expected, metric }) => {
      const experiment = experiments.get(key);
      const verdict = verdictOf(experiment);
      const readout = readoutOf(await control.scorecard(key), metric);
      const interval = readout?.relative ?? null;
      return {
        key,
        verdict,
        estimate: interval?.estimate ?? null,
        interval: interval === null ? null : ([interval.lower, interval.upper] as const),
        metric: interval === null ? null : metric,
        truth: truths[key] ?? null,
        reason: experiment?.statusReason ?? 'it never started',
        isAsExpected: verdict === expected,
      };
    }),
  );
}

function verdictOf(experiment: Experiment | undefined): ExperimentResult['verdict'] {
  if (experiment === undefined) return 'none';
  const verdict = VERDICTS[experiment.status] ?? 'none';
  return verdict === 'ship' && experiment.shippedVariant === '' ? 'none' : verdict;
}

function readoutOf({ readouts }: Scorecard, metricKey: string): Scorecard['readouts'][number] | undefined {
  return readouts.find((readout) => readout.metricKey === metricKey);
}

function liftOf(chances: Chances): number {
  return chances.with / chances.without - 1;
}
