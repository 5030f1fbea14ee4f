import type { PlannedStopping } from '../../estimators/planning/plan.ts';
import { planSwitchback, type PlannedWindowLength } from '../../estimators/planning/switchback-plan.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { alignedTable } from '../report/aligned-table.ts';
import { count, percent, signed, signedPercent, value } from '../report/numbers.ts';
import type { WantedEffect } from './plan.ts';
import { stoppingText } from './plan-text.ts';
import type { SlotHistory } from './slots.ts';

export interface SwitchbackRequest {
  readonly history: SlotHistory;
  /** Where it is from, in words. */
  readonly source: string;
  /** Lengths to be compared, ms; null: those of a day's divisors that the history allows. */
  readonly windowMs: readonly number[] | null;
  /** In which half of an effect has come or gone after a switch, ms. */
  readonly halfLifeMs: number;
  readonly burnInMs: number;
  readonly effect: WantedEffect;
  readonly stopping: PlannedStopping;
  readonly alpha: number;
  readonly power: number;
  readonly seed: number;
}

/** How long a switchback has to run, by the length of its windows; JSON as it is. */
export interface SwitchbackPlan {
  readonly source: string;
  /** ISO 8601. */
  readonly from: string;
  readonly until: string;
  readonly regionCount: number;
  readonly slotMs: number;
  /** Of a slot, over all regions. */
  readonly mean: number;
  readonly effect: { readonly absolute: number; readonly relative: number | null };
  readonly halfLifeMs: number;
  readonly burnInMs: number;
  readonly stopping: PlannedStopping;
  readonly alpha: number;
  readonly power: number;
  readonly seed: number;
  /** The best first. */
  readonly windows: readonly (PlannedWindowLength & { readonly neededDays: number | null })[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LENGTHS = [0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 24, 48].map((hours) => hours * HOUR_MS);

/** @throws AnalyzeError for what cannot be planned */
export function planSwitchbackDays(request: SwitchbackRequest): SwitchbackPlan {
  const { history, source, halfLifeMs, burnInMs, stopping, alpha, power, seed } = request;
  const { regions, slotMs, fromMs, untilMs } = history;
  const all = regions.flatMap(({ values }) => values);
  const mean = all.reduce((sum, each) => sum + each, 0) / all.length;
  const effect = effectOf(request.effect, mean);
  const windowMs = request.windowMs ?? lengthsOf(history, burnInMs);
  if (windowMs.length === 0)
    throw new AnalyzeError(
      `the history of ${(untilMs - fromMs) / HOUR_MS} hours has no two windows of any length after the burn-in; give a longer one, or --window`,
    );
  try {
    const input = { history: regions, slotMs, windowMs, effect: effect.absolute, halfLifeMs, burnInMs, seed };
    const windows = planSwitchback({ ...input, stopping, alpha, power }).map((planned) => ({
      ...planned,
      neededDays: planned.neededMs === null ? null : Math.ceil(planned.neededMs / DAY_MS),
    }));
    const time = { from: new Date(fromMs).toISOString(), until: new Date(untilMs).toISOString() };
    const asked = { halfLifeMs, burnInMs, stopping, alpha, power, seed };
    return { source, ...time, regionCount: regions.length, slotMs, mean, effect, ...asked, windows };
  } catch (error) {
    if (error instanceof RangeError) throw new AnalyzeError(error.message, { cause: error });
    throw error;
  }
}

function effectOf(wanted: WantedEffect, mean: number): SwitchbackPlan['effect'] {
  if (wanted.kind === 'absolute')
    return { absolute: wanted.difference, relative: mean === 0 ? null : wanted.difference / Math.abs(mean) };
  if (mean === 0) throw new AnalyzeError('the mean of a slot is 0, so an effect cannot be given in percent of it');
  return { absolute: wanted.ratio * Math.abs(mean), relative: wanted.ratio };
}

/** Those that the history has at least ten of, and that have slots left after the burn-in. */
function lengthsOf({ slotMs, fromMs, untilMs }: SlotHistory, burnInMs: number): number[] {
  const longest = (untilMs - fromMs) / 10;
  return LENGTHS.filter(
    (length) => length % slotMs === 0 && length <= longest && length / slotMs > Math.ceil(burnInMs / slotMs),
  );
}

export function switchbackText(plan: SwitchbackPlan): string {
  const { source, from, until, regionCount, slotMs, mean, effect, halfLifeMs, windows, stopping, alpha, power } = plan;
  const relative = effect.relative === null ? '' : ` (${signedPercent(effect.relative)})`;
  const carried =
    halfLifeMs > 0 ? `half of an effect comes or goes in ${lengthText(halfLifeMs)}` : 'nothing carries over';
  const rows = windows.map(({ windowMs, bias, standardDeviation, neededWindows, neededDays, detectable }) => [
    lengthText(windowMs),
    percent(-bias / effect.absolute, 1),
    value(standardDeviation),
    detectable === null ? 'none' : signed(detectable),
    neededWindows === null ? 'never' : count(neededWindows),
    neededDays === null ? 'never' : count(neededDays),
  ]);
  const [best] = windows;
  return [
    `${source}: ${regionCount} regions from ${from} until ${until}, in slots of ${lengthText(slotMs)} of ${value(mean)} on average`,
    `To find an effect of ${signed(effect.absolute)}${relative} a slot; ${carried}; ${stoppingText(stopping)}, two-sided alpha ${alpha}, power ${percent(power, 0)}`,
    alignedTable(
      ['window', 'effect lost', 'error in that time', 'smallest effect found in it', 'windows', 'days'],
      rows,
    ),
    ...(best === undefined ? [] : [`Take windows of ${lengthText(best.windowMs)}: they estimate best.`]),
  ].join('\n\n');
}

/** `30m`, `2h`, `1d`. */
function lengthText(ms: number): string {
  if (ms % DAY_MS === 0) return `${ms / DAY_MS}d`;
  return ms % HOUR_MS === 0 ? `${ms / HOUR_MS}h` : `${value(ms / MINUTE_MS)}m`;
}
