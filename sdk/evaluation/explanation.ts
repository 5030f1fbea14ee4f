import type { Evaluation } from './evaluation.ts';

/** One step on the way to a decision, in a sentence, with what it rests on. */
export interface ExplanationStep {
  /** Whether it is a condition that holds or fails, a plain fact, or what decides. */
  readonly kind: 'holds' | 'fails' | 'fact' | 'decides';
  readonly text: string;
  readonly steps: readonly ExplanationStep[];
}

/** Why a context gets its variant of a flag. */
export interface Explanation {
  readonly rulesetVersion: number;
  /** Exactly what `compileRuleset(ruleset).evaluate` returns. */
  readonly evaluation: Evaluation;
  readonly steps: readonly ExplanationStep[];
}

export function fact(text: string): ExplanationStep {
  return { kind: 'fact', text, steps: [] };
}

export function decides(text: string): ExplanationStep {
  return { kind: 'decides', text, steps: [] };
}

export function condition(holds: boolean, text: string, steps: readonly ExplanationStep[] = []): ExplanationStep {
  return { kind: holds ? 'holds' : 'fails', text, steps };
}

/** `10,000`: figures are written alike everywhere. */
export function figure(value: number): string {
  return value.toLocaleString('en-US');
}
