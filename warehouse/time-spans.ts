export interface TimeSpan {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/**
 * Covers all times with at most `maxSpans` spans, leaving out the widest gaps between them; gaps under `minGapMs` are never left out.
 *
 * @param timesMs at least one, in any order
 */
export function coveringSpans(timesMs: readonly number[], maxSpans: number, minGapMs: number): TimeSpan[] {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const gaps: { readonly fromMs: number; readonly toMs: number }[] = [];
  for (const [index, toMs] of sorted.entries()) {
    const fromMs = sorted[index - 1];
    if (fromMs !== undefined && toMs - fromMs >= minGapMs) gaps.push({ fromMs, toMs });
  }
  const widest = gaps.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs)).slice(0, maxSpans - 1);
  const spans: TimeSpan[] = [];
  let earliestMs = sorted[0];
  if (earliestMs === undefined) throw new RangeError('coveringSpans: needs at least one time');
  for (const { fromMs, toMs } of widest.toSorted((a, b) => a.fromMs - b.fromMs)) {
    spans.push({ earliestMs, latestMs: fromMs });
    earliestMs = toMs;
  }
  return [...spans, { earliestMs, latestMs: sorted.at(-1) ?? earliestMs }];
}
