import Table from 'cli-table3';
import pc from 'picocolors';
import type { DemoResult, ExperimentResult } from './result.ts';

/** Tells what happens, one line at a time, with the time since the start. */
export interface Story {
  chapter(title: string): void;
  tell(line: string): void;
}

export function tellStory(log: (line: string) => void, elapsedMs: () => number): Story {
  return {
    chapter: (title) => log(`\n${pc.bold(title)}`),
    tell: (line) => log(`${pc.dim(`${(elapsedMs() / 1000).toFixed(1).padStart(6)} s`)}  ${line}`),
  };
}

/** The verdicts beside the truth. */
export function verdictTable({ experiments }: DemoResult): string {
  const table = new Table({
    head: ['experiment', 'verdict', 'estimate (interval)', 'true effect', 'right?'],
    style: { head: [], border: [] },
  });
  for (const result of experiments) {
    table.push([
      result.key,
      result.verdict,
      estimateText(result),
      result.truth === null ? '—' : signed(result.truth),
      result.isAsExpected ? pc.green('yes') : pc.red('no'),
    ]);
  }
  return table.toString();
}

function estimateText({ estimate, interval }: ExperimentResult): string {
  if (estimate === null || interval === null) return 'none shown';
  return `${signed(estimate)} (${signed(interval[0])} to ${signed(interval[1])})`;
}

/** A relative change in percent. */
export function signed(ratio: number): string {
  return `${ratio >= 0 ? '+' : '−'}${Math.abs(100 * ratio).toFixed(1)} %`;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** Where the events are: every hop has all of them. */
export function hopsLine({ bus, events }: DemoResult): string {
  const count = (value: number): string => value.toLocaleString('en');
  const { published, inBus, rows, duplicates, deadLetters, monitored } = events;
  return (
    `Events: ${count(published)} acknowledged to the SDKs; ${count(inBus)} in the bus (${bus}); ${count(rows)} in the warehouse, ` +
    `${count(duplicates)} duplicates, ${count(deadLetters)} dead letters; ${count(monitored)} in the live monitor`
  );
}
