export { compileRuleset, type CompiledRuleset } from './evaluation/compile.ts';
export { applyDelta } from './evaluation/delta.ts';
export {
  InvalidRulesetError,
  type AttributeInput,
  type EvaluateOptions,
  type Evaluation,
  type EvaluationContext,
} from './evaluation/evaluation.ts';
export { explain } from './evaluation/explain.ts';
export type { Explanation, ExplanationStep } from './evaluation/explanation.ts';
export type { Client, ClientStatistics, Outcome } from './client/client.ts';
export { createClient } from './client/create-client.ts';
export type { EventStatistics } from './client/event-buffer.ts';
export { readLastKnownGood, type KeptRuleset } from './client/last-known-good.ts';
export type { ClientOptions, ClientProblem } from './client/options.ts';
