import type { BlackoutWindow, ExperimentDefinition, RampCalendar } from '../definitions/experiment.ts';
import type { Ports } from './ports.ts';

/** What the workflow needs to know of a definition: small, because it is carried through the whole history. */
export interface ExperimentPlan {
  readonly experimentKey: string;
  readonly definitionVersion: number;
  readonly hypothesis: string;
  readonly owner: string;
  readonly variants: readonly string[];
  readonly control: string;
  readonly isApprovalRequired: boolean;
  readonly stages: readonly { readonly basisPoints: number; readonly holdMs: number }[];
  readonly calendar: RampCalendar | null;
  readonly blackouts: readonly BlackoutWindow[];
  readonly maximumRuntimeMs: number;
  readonly holdback: { readonly basisPoints: number; readonly forMs: number };
}

export interface DefinitionActivities {
  /** Reads an experiment's definition and refuses what no ramp could run. @throws NotFoundError, InvalidDefinitionError, ConflictError */
  loadExperiment(input: { readonly experimentKey: string }): Promise<ExperimentPlan>;
}

export function createDefinitionActivities({ controlStore }: Pick<Ports, 'controlStore'>): DefinitionActivities {
  return {
    async loadExperiment({ experimentKey }) {
      const stored = await controlStore.getDefinition('experiment', experimentKey);
      return planOf(stored.definition, stored.version);
    },
  };
}

/** @throws RangeError where the stages do not grow: a ramp only ever enrols more */
export function planOf(definition: ExperimentDefinition, definitionVersion: number): ExperimentPlan {
  const stages = definition.ramp.stages.map((stage) => ({
    basisPoints: basisPointsOf(stage.percent),
    holdMs: stage.holdMs,
  }));
  if (stages.length === 0)
    throw new RangeError(`experiment ${definition.key}: ramp.stages is empty; name at least one`);
  stages.forEach((stage, index) => {
    const before = stages[index - 1]?.basisPoints ?? 0;
    if (stage.basisPoints > before && stage.basisPoints <= 10_000) return;
    throw new RangeError(
      `experiment ${definition.key}: ramp.stages[${index}].percent must be more than the stage before and at most 100`,
    );
  });
  return {
    experimentKey: definition.key,
    definitionVersion,
    hypothesis: definition.hypothesis,
    owner: definition.owner,
    variants: definition.variants.map((variant) => variant.key),
    control: definition.control,
    isApprovalRequired: definition.approval.required,
    stages,
    calendar: definition.ramp.calendar,
    blackouts: definition.ramp.blackouts,
    maximumRuntimeMs: definition.runtime.maximumMs,
    holdback: { basisPoints: basisPointsOf(definition.holdback.percent), forMs: definition.holdback.forMs },
  };
}

function basisPointsOf(percent: number): number {
  return Math.round(percent * 100);
}
