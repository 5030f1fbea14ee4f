export { compileRuleset, type CompiledRuleset } from './evaluation/compile.ts';
export { applyDelta } from './evaluation/delta.ts';
export {
  InvalidRulesetError,
  type AttributeInput,
  type EvaluateOptions,
  type Evaluation,
  type EvaluationContext,
} from './evaluation/evaluation.ts';
