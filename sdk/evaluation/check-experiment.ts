import {
  ExperimentStatus,
  type BucketRange,
  type Experiment,
  type Flag,
  type Layer,
} from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { checkBuckets, checkVariant, checkWeights, countBuckets, isBasisPoints } from './check-buckets.ts';
import { BUCKETS } from './murmur3.ts';
import type { RulesetIndex } from './ruleset-index.ts';

const KNOWN_STATUSES: ReadonlySet<string> = new Set([
  ExperimentStatus.EXPERIMENT_STATUS_RUNNING,
  ExperimentStatus.EXPERIMENT_STATUS_SHIPPED,
  ExperimentStatus.EXPERIMENT_STATUS_ENDED,
]);

/** Adds to `problems` what is wrong with an experiment by itself, on its flag and its layer. */
export function checkExperiment(
  experiment: Experiment,
  flag: Flag | undefined,
  layer: Layer | undefined,
  problems: string[],
): void {
  const place = `experiment ${experiment.key}`;
  if (flag === undefined) problems.push(`${place}: there is no flag "${experiment.flagKey}"`);
  if (layer === undefined) problems.push(`${place}: there is no layer "${experiment.layerKey}"`);
  if (!KNOWN_STATUSES.has(experiment.status)) problems.push(`${place}: the status ${experiment.status} is not known`);
  if (!Number.isSafeInteger(experiment.epoch)) problems.push(`${place}: its epoch ${experiment.epoch} is no number`);
  const variants = new Set(flag?.variants.map(({ key }) => key));
  checkWeights(place, experiment.variants, variants, problems);
  if (experiment.status === ExperimentStatus.EXPERIMENT_STATUS_SHIPPED) {
    checkVariant(place, experiment.shippedVariant, variants, problems);
  }
  if (!isBasisPoints(experiment.holdbackBasisPoints)) {
    problems.push(`${place}: its holdback of ${experiment.holdbackBasisPoints} is not 0 to ${BUCKETS} basis points`);
  }
  if (!Number.isSafeInteger(experiment.switchbackWindowMs) || experiment.switchbackWindowMs < 0) {
    problems.push(`${place}: its switchback window of ${experiment.switchbackWindowMs} ms is not a whole number`);
  }
  checkSalts(place, experiment, layer, problems);
  checkReservation(place, experiment, problems);
}

/** The same salt in two places makes them depend on each other: whoever is enrolled would all get the same variant. */
function checkSalts(
  place: string,
  { variantSalt, enrolmentSalt }: Experiment,
  layer: Layer | undefined,
  problems: string[],
): void {
  if (variantSalt === '' || enrolmentSalt === '') problems.push(`${place}: it lacks a salt`);
  if (variantSalt === layer?.salt) problems.push(`${place}: its variants have the salt of its layer`);
}

function checkReservation(
  place: string,
  { reservedBuckets, enrolledBucketCount }: Experiment,
  problems: string[],
): void {
  checkBuckets(place, reservedBuckets, problems);
  const reserved = countBuckets(reservedBuckets);
  if (isBasisPoints(enrolledBucketCount) && enrolledBucketCount <= reserved) return;
  problems.push(`${place}: ${enrolledBucketCount} buckets are enrolled, but ${reserved} are reserved`);
}

/** Experiments of one layer share no bucket: a unit is never in two that exclude each other. */
export function checkExclusive(index: RulesetIndex, layerKeys: ReadonlySet<string>, problems: string[]): void {
  const takenByLayer = new Map<string, (BucketRange & { readonly by: string })[]>();
  for (const { key, layerKey, reservedBuckets } of index.ruleset.experiments) {
    if (!layerKeys.has(layerKey)) continue;
    const taken = takenByLayer.get(layerKey) ?? [];
    for (const { first, end } of reservedBuckets) taken.push({ first, end, by: key });
    takenByLayer.set(layerKey, taken);
  }
  for (const [layerKey, taken] of takenByLayer) {
    taken.sort((a, b) => a.first - b.first);
    for (const [position, range] of taken.entries()) {
      const before = taken[position - 1];
      if (before === undefined || before.end <= range.first) continue;
      problems.push(`layer ${layerKey}: experiments ${before.by} and ${range.by} both hold bucket ${range.first}`);
    }
  }
}
