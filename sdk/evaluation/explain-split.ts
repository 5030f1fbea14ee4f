import type { BucketRange, Experiment, WeightedVariant } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { BUCKETS, isReserved } from './enrolment.ts';
import type { EvaluateOptions, EvaluationContext } from './evaluation.ts';
import { fact, figure, type ExplanationStep } from './explanation.ts';
import { saltedHash } from './murmur3.ts';
import { unitIdIn } from './unit.ts';

/** Which id is hashed for a unit type, and why that one. */
export function explainUnit(
  context: EvaluationContext,
  unitType: string,
  options: EvaluateOptions | undefined,
): { readonly unit: string | undefined; readonly step: ExplanationStep } {
  const unit = unitIdIn(context, unitType, options);
  if (unit === undefined) return { unit, step: fact(`the context has no "${unitType}", by which this is split`) };
  const own = context[unitType];
  if (String(own) === unit) return { unit, step: fact(`the unit is ${unitType} "${unit}"`) };
  const isLinked = own !== undefined && own !== null && own !== '';
  const why = isLinked ? `to which ${unitType} "${String(own)}" is linked` : `because nobody is logged in yet`;
  return { unit, step: fact(`the unit is device "${unit}", ${why}`) };
}

/** Where a unit lies on a number line. */
export function pointOf(salt: string, unit: string): number {
  return saltedHash(salt)(unit) % BUCKETS;
}

/** `0 to 4,999`. */
export function rangesText(ranges: readonly BucketRange[]): string {
  return ranges.map(({ first, end }) => `${figure(first)} to ${figure(end - 1)}`).join(', ');
}

/** The variant at a point of a split, and the whole split in words. */
export function explainSplit(weights: readonly WeightedVariant[], point: number): { variant: string; text: string } {
  let first = 0;
  let variant: string | undefined;
  const arms = [];
  for (const { variant: candidate, weightBasisPoints } of weights) {
    const end = first + weightBasisPoints;
    if (weightBasisPoints > 0) arms.push(`${candidate} ${rangesText([{ first, end }])}`);
    if (variant === undefined && point < end) variant = candidate;
    first = end;
  }
  if (variant === undefined) throw new RangeError(`a split of ${first} points has none at ${point}`);
  return { variant, text: `point ${figure(point)} of ${figure(BUCKETS)} (${arms.join(', ')})` };
}

export interface ExplainedEnrolment {
  readonly isEnrolled: boolean;
  readonly text: string;
}

/** Whether a bucket of the layer is enrolled now, and otherwise when it will be. */
export function explainEnrolment(experiment: Experiment, bucket: number): ExplainedEnrolment {
  const { reservedBuckets, enrolledBucketCount } = experiment;
  const place = `bucket ${figure(bucket)} of layer ${experiment.layerKey}`;
  if (!isReserved(reservedBuckets, bucket)) {
    const theirs = reservedBuckets.length === 0 ? 'which has none' : rangesText(reservedBuckets);
    return { isEnrolled: false, text: `${place} does not belong to the experiment (${theirs})` };
  }
  const { rank, reservedCount } = rankOf(experiment, bucket);
  const isEnrolled = rank <= enrolledBucketCount;
  const order = `number ${figure(rank)} of ${figure(reservedCount)} in the order of enrolment`;
  const now = `${figure(enrolledBucketCount)} are enrolled now, this one ${isEnrolled ? 'too' : 'not yet'}`;
  return { isEnrolled, text: `${place} is ${order}; ${now}` };
}

/** From 1, by (hash of the bucket, bucket). */
function rankOf({ enrolmentSalt, reservedBuckets }: Experiment, bucket: number) {
  const hash = saltedHash(enrolmentSalt);
  const own = hash(String(bucket));
  let rank = 1;
  let reservedCount = 0;
  for (const { first, end } of reservedBuckets) {
    reservedCount += end - first;
    for (let other = first; other < end; other += 1) {
      const theirs = hash(String(other));
      if (theirs < own || (theirs === own && other < bucket)) rank += 1;
    }
  }
  return { rank, reservedCount };
}
