import type { ExperimentDefinition } from './experiment.ts';
import type { FlagDefinition, HoldoutDefinition, LayerDefinition, SegmentDefinition } from './flag.ts';
import type { MetricDefinition } from './metric.ts';

/** Any document that the control store holds. */
export type Definition =
  ExperimentDefinition | MetricDefinition | FlagDefinition | SegmentDefinition | LayerDefinition | HoldoutDefinition;

export type DefinitionKind = Definition['kind'];

/** One thing that is wrong with a document. */
export interface Problem {
  /** Where, such as `experiment upi_retry: ramp.stages[2].percent`. */
  readonly path: string;
  /** What is wrong and how to mend it, in a sentence. */
  readonly message: string;
}

/** Documents that cannot be taken, with everything that is wrong with them. */
export class InvalidDefinitionError extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => `${problem.path}: ${problem.message}`).join('\n'));
    this.name = 'InvalidDefinitionError';
    this.problems = problems;
  }
}
