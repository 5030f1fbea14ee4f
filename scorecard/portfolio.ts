import { adjustedPValues } from '../estimators/comparisons/adjusted-p-values.ts';
import type { MetricReadout, Scorecard } from './scorecard.ts';
import { pValueText, signedPercent } from './wording.ts';

/** The primary metric of one variant of one experiment, among all experiments that run. */
export interface PortfolioEntry {
  readonly experimentKey: string;
  readonly epoch: number;
  readonly variant: string;
  readonly pValue: number;
  /** Corrected for all experiments of the portfolio together. */
  readonly adjustedPValue: number;
  /** Its effect, good or bad, survives the correction. */
  readonly isDiscovery: boolean;
  /** In a sentence. */
  readonly reason: string;
}

export interface Portfolio {
  /** Expected share of wrong ones among the discoveries, at most. */
  readonly falseDiscoveryRate: number;
  /** Discoveries first, the surest of them first. */
  readonly entries: readonly PortfolioEntry[];
  /** Experiments that show no effect at all, with the reason. */
  readonly withoutEffect: readonly { readonly experimentKey: string; readonly reason: string }[];
}

const FALSE_DISCOVERY_RATE = 0.05;

/**
 * Judges all experiments together: who runs a hundred experiments without an effect at 5 % finds five. The correction is Benjamini–Hochberg's over the primary
 * metrics of every variant; of always-valid p-values, which are one over an e-value, that is e-BH (R. Wang, A. Ramdas, "False discovery rate control with
 * e-values", JRSS B 84 (2022), 822–852), which holds at any time and under any dependence. It changes no experiment's own verdict: it says how
 * much weight a reader of all of them may give to each.
 */
export function adjudicatePortfolio(
  scorecards: readonly Scorecard[],
  falseDiscoveryRate = FALSE_DISCOVERY_RATE,
): Portfolio {
  const primaries = scorecards.flatMap((scorecard) =>
    scorecard.readouts.filter(({ role }) => role === 'primary').map((readout) => ({ scorecard, readout })),
  );
  const adjusted = adjustedPValues(
    primaries.map(({ readout }) => readout.pValue),
    'bh',
  );
  const entries = primaries.map(({ scorecard: { experimentKey, epoch }, readout }, index): PortfolioEntry => {
    const adjustedPValue = adjusted[index] ?? 1;
    const isDiscovery = adjustedPValue <= falseDiscoveryRate;
    const { variant, pValue } = readout;
    const reason = reasonOf(readout, { adjustedPValue, isDiscovery, family: primaries.length });
    return { experimentKey, epoch, variant, pValue, adjustedPValue, isDiscovery, reason };
  });
  entries.sort((a, b) => a.adjustedPValue - b.adjustedPValue || a.pValue - b.pValue);
  return {
    falseDiscoveryRate,
    entries,
    withoutEffect: scorecards
      .filter(({ readouts }) => !readouts.some(({ role }) => role === 'primary'))
      .map(({ experimentKey, summary }) => ({ experimentKey, reason: summary })),
  };
}

function reasonOf(
  { metricKey, relative, absolute, valueUnit }: MetricReadout,
  verdict: { readonly adjustedPValue: number; readonly isDiscovery: boolean; readonly family: number },
): string {
  const effect =
    relative === null ? `${absolute.estimate.toPrecision(3)} ${valueUnit}` : signedPercent(relative.estimate);
  const among = verdict.family === 1 ? '' : ` among ${verdict.family} comparisons`;
  const judged = verdict.isDiscovery ? 'holds' : 'may be chance';
  return `${metricKey} ${effect} ${judged}${among} (${pValueText(verdict.adjustedPValue)})`;
}
