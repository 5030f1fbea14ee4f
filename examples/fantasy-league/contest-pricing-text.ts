import type { ContestPricing } from './contest-pricing.ts';

/** Low, because the check would else raise a false alarm on one evening in twenty. */
const CARRY_OVER_LEVEL = 0.01;

/** What the two designs say of the same two weeks, beside the truth. */
export function contestPricingText(pricing: ContestPricing & { readonly refusal: string }): string[] {
  const { truth, userLevel, switchback, controlMean } = pricing;
  const count = (value: number): string => value.toLocaleString('en');
  const times = (userLevel.estimate / truth).toFixed(1);
  const holds = switchback.isTruthInside ? 'holds the truth' : 'misses the truth, as one in twenty does';
  const { estimate, interval, pValue } = switchback.carryOver;
  const carry = pValue < CARRY_OVER_LEVEL ? 'windows are too short' : 'no sign at 1 % that windows are too short';
  return [
    `${pricing.regions} regions, two weeks, ${count(pricing.windows)} hours of a region, ${count(pricing.users)} users; seats for about one in three`,
    '',
    `  seats an hour that the lower fee adds to ${controlMean.toFixed(1)}`,
    `    true effect        ${signed(truth)}`,
    `    users randomized   ${signed(userLevel.estimate)}  (${range(userLevel.interval)})  wrong by ${signed(userLevel.error)}, ${times} times the truth: treated users took seats from the others`,
    `    hours randomized   ${signed(switchback.estimate)}  (${range(switchback.interval)})  ${holds}`,
    '',
    `  ${switchback.method}`,
    `  by drawing the arms again: p = ${switchback.randomizationPValue.toFixed(3)}`,
    `  effect of the hour before: ${signed(estimate)} (${range(interval)}), p = ${pValue.toFixed(2)}: ${carry}`,
    '',
    `  The platform refuses it with users: ${pricing.refusal.replace(/^\d+ [A-Z_]+: /, '')}`,
  ];
}

function signed(seats: number): string {
  return `${seats < 0 ? '−' : '+'}${Math.abs(seats).toFixed(1)}`;
}

function range([lower, upper]: readonly [number, number]): string {
  return `${signed(lower)} to ${signed(upper)}`;
}
