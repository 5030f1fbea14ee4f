import type { RegionHistory } from '../../estimators/designs/switchback-designer.ts';
import { AnalyzeError } from '../analyze-error.ts';

/** An outcome by region and slot of time, without gaps. */
export interface SlotHistory {
  readonly regions: readonly RegionHistory[];
  readonly slotMs: number;
  /** Ms since 1970 UTC. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface SlotValue {
  readonly region: string;
  /** When the slot began, ms since 1970 UTC. */
  readonly slotMs: number;
  readonly value: number;
}

export interface SlotTime {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly slotMs: number;
}

/** Fewer are no history. */
const LEAST_SLOTS = 4;

/**
 * Puts slots in their places.
 *
 * @param empty what a slot without rows has; null: every slot has to have rows
 * @throws AnalyzeError for no region, too few slots, or a gap where none may be
 */
export function slotHistory(
  values: readonly SlotValue[],
  { fromMs, untilMs, slotMs }: SlotTime,
  empty: 0 | null,
): SlotHistory {
  const count = Math.round((untilMs - fromMs) / slotMs);
  if (count < LEAST_SLOTS)
    throw new AnalyzeError(
      `there are only ${Math.max(0, count)} whole slots of ${slotMs / 60_000} minutes; give a longer history or a shorter --slot`,
    );
  const byRegion = new Map<string, number[]>();
  for (const { region, slotMs: at, value } of values) {
    const place = Math.round((at - fromMs) / slotMs);
    if (place < 0 || place >= count) continue;
    const own = byRegion.get(region) ?? new Array<number>(count).fill(empty ?? NaN);
    own[place] = value;
    byRegion.set(region, own);
  }
  if (byRegion.size === 0) throw new AnalyzeError('no region has anything in the time');
  for (const [region, own] of byRegion) {
    const gap = own.findIndex(Number.isNaN);
    if (gap >= 0)
      throw new AnalyzeError(
        `region "${region}" has nothing from ${new Date(fromMs + gap * slotMs).toISOString()} on for a slot; an average of nothing is none: take a longer --slot, or a count or a sum`,
      );
  }
  return { regions: [...byRegion].map(([region, own]) => ({ region, values: own })), slotMs, fromMs, untilMs };
}
