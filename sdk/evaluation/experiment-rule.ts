import { Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import {
  ExperimentStatus,
  type Experiment,
  type Holdout,
  type Layer,
} from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { Predicate } from './condition.ts';
import { enrolmentOf, rangeTest, type Enrolment } from './enrolment.ts';
import type { EvaluateOptions, Evaluation } from './evaluation.ts';
import { saltedPoint } from './murmur3.ts';
import { splitOf, type Outcomes } from './outcomes.ts';
import { firstPoint, saltedPointPair, secondPoint } from './point-pair.ts';
import type { CompiledRule } from './rule.ts';
import { unitIdIn } from './unit.ts';
import { windowUnitIn } from './window.ts';

export interface ExperimentParts {
  readonly experiment: Experiment;
  readonly layer: Layer;
  readonly targeting: Predicate | null;
  /** Those that cover the experiment. */
  readonly holdouts: readonly Holdout[];
  readonly isKilled: boolean;
  readonly outcomes: Outcomes;
}

/**
 * Compiles what an experiment does to its flag: targeting, then holdouts, then the layer's buckets, then the split. A unit that the
 * experiment does not enrol goes on to the next rule.
 */
export function compileExperimentRule(parts: ExperimentParts): CompiledRule {
  const { layer, targeting, outcomes, experiment } = parts;
  const { unitType } = layer;
  const source = { unitType, experiment };
  const missing = outcomes.unitMissing(unitType);
  const heldOut = outcomes.control(Reason.REASON_HOLDOUT, source);
  const isHeldOut = holdoutTest(parts.holdouts);
  const decide = decisionOf(parts);
  if (experiment.switchbackWindowMs > 0) return switchbackRule(parts, { decide, isHeldOut, missing, heldOut });
  return (context, options) => {
    if (targeting !== null && !targeting(context)) return undefined;
    const unit = unitIdIn(context, unitType, options);
    if (unit === undefined) return missing;
    if (isHeldOut !== null && isHeldOut(context, options)) return heldOut;
    return decide(unit, options);
  };
}

interface SwitchbackSteps {
  readonly decide: UnitDecision;
  readonly isHeldOut: ReturnType<typeof holdoutTest>;
  readonly missing: Evaluation;
  readonly heldOut: Evaluation;
}

/** The same, with the window in the unit; apart, so that other experiments pay nothing for it. */
function switchbackRule(
  { targeting, layer: { unitType }, experiment: { switchbackWindowMs } }: ExperimentParts,
  { decide, isHeldOut, missing, heldOut }: SwitchbackSteps,
): CompiledRule {
  const by = { unitType, windowMs: switchbackWindowMs };
  return (context, options) => {
    if (targeting !== null && !targeting(context)) return undefined;
    const unit = windowUnitIn(context, by, options);
    if (unit === undefined) return missing;
    if (isHeldOut !== null && isHeldOut(context, options)) return heldOut;
    return decide(unit, options);
  };
}

type UnitDecision = (unit: string, options: EvaluateOptions | undefined) => ReturnType<CompiledRule>;

function decisionOf(parts: ExperimentParts): UnitDecision {
  const isShipped = parts.experiment.status === ExperimentStatus.EXPERIMENT_STATUS_SHIPPED;
  return isShipped ? shippedDecision(parts) : enrolledDecision(parts);
}

/** Everybody gets the shipped variant, save the holdback. */
function shippedDecision({ experiment, layer, isKilled, outcomes }: ExperimentParts): UnitDecision {
  const source = { unitType: layer.unitType, experiment };
  const killed = outcomes.control(Reason.REASON_KILLED, source);
  const heldBack = outcomes.control(Reason.REASON_HOLDBACK, source);
  const shipped = outcomes.serve(experiment.shippedVariant, Reason.REASON_SHIPPED, source);
  const { holdbackBasisPoints } = experiment;
  if (isKilled) return () => killed;
  if (holdbackBasisPoints === 0) return () => shipped;
  const point = saltedPoint(`${experiment.enrolmentSalt}:holdback`);
  return (unit) => (point(unit) < holdbackBasisPoints ? heldBack : shipped);
}

function enrolledDecision({ experiment, layer, isKilled, outcomes }: ExperimentParts): UnitDecision {
  const source = { unitType: layer.unitType, experiment };
  const enrolment = rememberedEnrolment(experiment);
  if (isKilled || experiment.status !== ExperimentStatus.EXPERIMENT_STATUS_RUNNING) {
    const layerPoint = saltedPoint(layer.salt);
    const ended = outcomes.control(isKilled ? Reason.REASON_KILLED : Reason.REASON_ENDED, source);
    return (unit) => (enrolment(layerPoint(unit)) ? ended : undefined);
  }
  const stale = outcomes.control(Reason.REASON_STALE, source);
  const points = saltedPointPair(layer.salt, experiment.variantSalt);
  const split = splitOf(experiment.variants, (variant) => outcomes.serve(variant, Reason.REASON_SPLIT, source));
  return (unit, options) => {
    const pair = points(unit);
    if (!enrolment(firstPoint(pair))) return undefined;
    return options?.isStale === true ? stale : split(secondPoint(pair));
  };
}

/** Experiments that a delta did not touch are the same objects in the next ruleset, and keep their order of buckets. */
const enrolments = new WeakMap<Experiment, Enrolment>();

function rememberedEnrolment(experiment: Experiment): Enrolment {
  const known = enrolments.get(experiment);
  if (known !== undefined) return known;
  const enrolment = enrolmentOf(experiment);
  enrolments.set(experiment, enrolment);
  return enrolment;
}

function holdoutTest(
  holdouts: readonly Holdout[],
): ((context: Readonly<Record<string, unknown>>, options: EvaluateOptions | undefined) => boolean) | null {
  if (holdouts.length === 0) return null;
  const tests = holdouts.map(({ unitType, salt, buckets }) => ({
    unitType,
    point: saltedPoint(salt),
    holds: rangeTest(buckets),
  }));
  return (context, options) =>
    tests.some(({ unitType, point, holds }) => {
      const unit = unitIdIn(context, unitType, options);
      return unit !== undefined && holds(point(unit));
    });
}
