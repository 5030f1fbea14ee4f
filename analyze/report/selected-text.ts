import type { ExperimentAnalysis, SelectedInterval } from '../experiment/result.ts';
import { percent, value } from './numbers.ts';

/** The findings among several comparisons, with intervals that hold for findings; empty without any. */
export function selectedText({ metrics, segments, alpha }: ExperimentAnalysis): string {
  const ofMetrics = metrics.flatMap(({ metric, comparisons }) =>
    comparisons.flatMap(({ arm, selected }) => line(`${metric}, ${arm}`, selected)),
  );
  const ofSegments = segments.flatMap(({ segment, value: of, metric, arm, selected }) =>
    line(`${metric}, ${arm}, ${segment} = ${of}`, selected),
  );
  const lines = [...ofMetrics, ...ofSegments];
  if (lines.length === 0) return '';
  const why = `intervals of what was found among other comparisons (at most ${percent(alpha, 0)} of such intervals miss)`;
  return [why, ...lines].join('\n');
}

function line(name: string, selected: SelectedInterval | null): string[] {
  if (selected === null) return [];
  return [
    `  ${name}: ${value(selected.lower)} to ${value(selected.upper)} (made at ${percent(1 - selected.level, 2)})`,
  ];
}
