import { createHash } from 'node:crypto';
import { BUCKETS } from './buckets.ts';

// Salts follow from keys and epochs, so that a ruleset can be rebuilt from definitions and records alone. An epoch is never used twice.

export function layerSalt(layerKey: string): string {
  return `layer:${layerKey}`;
}

export function holdoutSalt(holdoutKey: string): string {
  return `holdout:${holdoutKey}`;
}

export function rolloutSalt(flagKey: string, ruleKey: string): string {
  return `rollout:${flagKey}:${ruleKey}`;
}

export function variantSalt(experimentKey: string, epoch: number): string {
  return `variant:${experimentKey}:${epoch}`;
}

export function enrolmentSalt(experimentKey: string, epoch: number): string {
  return `enrolment:${experimentKey}:${epoch}`;
}

/** A bucket that follows from a text. */
export function pointOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) % BUCKETS;
}
