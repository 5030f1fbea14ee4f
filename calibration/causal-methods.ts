import { columnScales } from '../estimators/observational/column-scales.ts';
import type { Columns } from '../estimators/observational/columns.ts';
import { aipwEffect } from '../estimators/observational/doubly-robust/aipw.ts';
import { drawnFolds } from '../estimators/observational/doubly-robust/folds.ts';
import { linearNuisances } from '../estimators/observational/doubly-robust/nuisances.ts';
import { coarsenedStrata } from '../estimators/observational/matching/coarsened-strata.ts';
import {
  effectOfPairs,
  effectWithReplacement,
  residualsOfControls,
} from '../estimators/observational/matching/matched-effect.ts';
import { nearestWithReplacement } from '../estimators/observational/matching/nearest-with-replacement.ts';
import { nearestWithoutReplacement } from '../estimators/observational/matching/nearest-without-replacement.ts';
import { stratifiedEffect } from '../estimators/observational/matching/stratified-effect.ts';
import { propensitySubclasses } from '../estimators/observational/matching/subclasses.ts';
import { regressionAdjustedEffect } from '../estimators/observational/outcome/regression-adjustment.ts';
import { logisticRegression } from '../estimators/observational/propensity/logistic-regression.ts';
import { logits, probabilities } from '../estimators/observational/propensity/propensity-scores.ts';
import { entropyBalancedEffect } from '../estimators/observational/weighting/entropy-balancing.ts';
import { inverseProbabilityEffect } from '../estimators/observational/weighting/inverse-probability.ts';
import type { Effect } from '../estimators/effect.ts';
import { seededRandom, type SeededRandom } from '../estimators/seeded-random.ts';
import { share, type Share } from './monte-carlo.ts';

/** One method with how often its 95 % interval held its own estimand. */
export interface CausalCoverage {
  readonly method: string;
  readonly estimand: string;
  readonly held: Share;
  /** Mean error of the estimate, in its standard errors. */
  readonly bias: number;
}

export const CAUSAL_UNITS = 1_500;
const Z = 1.959963984540054;

interface World {
  readonly covariates: Columns;
  readonly treatment: Uint8Array;
  readonly outcome: Float64Array;
  /** The effect on each unit. */
  readonly effects: Float64Array;
  /** The chance of each unit to be treated. */
  readonly chances: Float64Array;
}

/** Effects differ between units, and who is treated depends on the same covariates as the effect and the outcome. */
function worldOf(random: SeededRandom, units: number): World {
  const columns = [0, 1, 2].map(() => new Float64Array(units));
  const [skill, region, device] = columns as [Float64Array, Float64Array, Float64Array];
  const world = {
    treatment: new Uint8Array(units),
    outcome: new Float64Array(units),
    effects: new Float64Array(units),
    chances: new Float64Array(units),
  };
  for (let unit = 0; unit < units; unit += 1) {
    skill[unit] = random.normal();
    region[unit] = random.bernoulli(0.4);
    device[unit] = random.bernoulli(0.5);
    const chance = 1 / (1 + Math.exp(1 - 0.7 * skill[unit]! - 0.5 * region[unit]! + 0.4 * device[unit]!));
    const effect = 2 + 0.5 * region[unit]!;
    world.chances[unit] = chance;
    world.effects[unit] = effect;
    world.treatment[unit] = random.uniform() < chance ? 1 : 0;
    world.outcome[unit] =
      1 + skill[unit]! - region[unit]! + 0.5 * device[unit]! + effect * world.treatment[unit]! + 1.5 * random.normal();
  }
  return { covariates: { rowCount: units, names: ['skill', 'region', 'device'], columns }, ...world };
}

type Weigh = (chance: number) => number;

/** Mean effects over everybody, over the treated, and over those in between, of a very large world. */
function truths(seed: number): Readonly<Record<'ATE' | 'ATT' | 'ATO', number>> {
  const { effects, chances } = worldOf(seededRandom(seed), 400_000);
  const mean = (weigh: Weigh): number => {
    let [sum, total] = [0, 0];
    for (let unit = 0; unit < effects.length; unit += 1) {
      const weight = weigh(chances[unit]!);
      sum += weight * effects[unit]!;
      total += weight;
    }
    return sum / total;
  };
  return { ATE: mean(() => 1), ATT: mean((e) => e), ATO: mean((e) => e * (1 - e)) };
}

type Estimates = Readonly<Record<string, { readonly estimand: 'ATE' | 'ATT' | 'ATO'; readonly effect: Effect }>>;

function estimatesOf({ covariates, treatment, outcome }: World): Estimates {
  const scales = columnScales(covariates);
  const score = logits(covariates, logisticRegression(covariates, treatment));
  const propensity = probabilities(score);
  const nuisances = linearNuisances({ covariates, scales, treatment, outcome }, drawnFolds(treatment, 5, 1), 5);
  const weighted = (estimand: 'ATE' | 'ATT' | 'ATO'): Effect =>
    inverseProbabilityEffect(covariates, scales, treatment, outcome, propensity, estimand);
  const replaced = (of: Float64Array) => nearestWithReplacement(score, treatment, of);
  const paired = (of: Float64Array) => nearestWithoutReplacement(score, treatment, of);
  const corrected = residualsOfControls(covariates, scales, treatment, outcome, replaced(outcome));
  const residuals = residualsOfControls(covariates, scales, treatment, outcome, paired(outcome));
  const subclasses = propensitySubclasses(propensity, treatment, 20, 'ATT');
  const within = residualsOfControls(
    covariates,
    scales,
    treatment,
    outcome,
    stratifiedEffect(subclasses, treatment, outcome, 'ATT'),
  );
  const att = (effect: Effect) => ({ estimand: 'ATT', effect }) as const;
  return {
    'matching with replacement, bias-corrected': att(
      effectWithReplacement(score, treatment, corrected, replaced(corrected)),
    ),
    'matching without replacement, bias-corrected': att(effectOfPairs(treatment, residuals, paired(residuals))),
    'IPW (ATT)': att(weighted('ATT')),
    'IPW (ATE)': { estimand: 'ATE', effect: weighted('ATE') },
    'overlap weights': { estimand: 'ATO', effect: weighted('ATO') },
    'entropy balancing': att(entropyBalancedEffect(covariates, scales, treatment, outcome)),
    'regression adjustment (ATT)': att(regressionAdjustedEffect(covariates, scales, treatment, outcome, 'ATT')),
    'regression adjustment (ATE)': {
      estimand: 'ATE',
      effect: regressionAdjustedEffect(covariates, scales, treatment, outcome, 'ATE'),
    },
    'AIPW (ATT)': att(aipwEffect(treatment, outcome, nuisances, 'ATT')),
    'AIPW (ATE)': { estimand: 'ATE', effect: aipwEffect(treatment, outcome, nuisances, 'ATE') },
    'subclassification, bias-corrected': att(stratifiedEffect(subclasses, treatment, within, 'ATT')),
    'coarsened exact matching': att(
      stratifiedEffect(coarsenedStrata(covariates, { bins: 30 }), treatment, outcome, 'ATT'),
    ),
  };
}

/** How often the 95 % interval of each method held its own estimand, over seeded confounded worlds; last the plain difference, which is wrong. */
export function causalCoverage(runs: number, seed: number): readonly CausalCoverage[] {
  const truth = truths(seed + 1);
  const random = seededRandom(seed);
  const found = new Map<string, { estimand: string; held: number; off: number }>();
  const count = (method: string, estimand: 'ATE' | 'ATT' | 'ATO', { estimate, standardError }: Effect): void => {
    const line = found.get(method) ?? { estimand, held: 0, off: 0 };
    const off = (estimate - truth[estimand]) / standardError;
    found.set(method, { estimand, held: line.held + (Math.abs(off) <= Z ? 1 : 0), off: line.off + off });
  };
  for (let run = 0; run < runs; run += 1) {
    const world = worldOf(random, CAUSAL_UNITS);
    for (const [method, { estimand, effect }] of Object.entries(estimatesOf(world))) count(method, estimand, effect);
    count(PLAIN_DIFFERENCE, 'ATT', plainDifference(world));
  }
  return [...found].map(([method, { estimand, held, off }]) => ({
    method,
    estimand,
    held: share(held, runs),
    bias: off / runs,
  }));
}

function plainDifference({ treatment, outcome }: World): Effect {
  const [control, treated] = [0, 1].map((group) => {
    const values = outcome.filter((_, unit) => treatment[unit] === group);
    const mean = values.reduce((sum, of) => sum + of, 0) / values.length;
    return { mean, error: values.reduce((sum, of) => sum + (of - mean) ** 2, 0) / values.length ** 2 };
  });
  return {
    estimate: (treated?.mean ?? NaN) - (control?.mean ?? NaN),
    standardError: Math.sqrt((treated?.error ?? NaN) + (control?.error ?? NaN)),
  };
}

const LEAST_HELD = 0.93;
const MOST_HELD = 0.97;
export const PLAIN_DIFFERENCE = 'plain difference';

/** Whether a method held its estimand in 93 to 97 % of the worlds; of few worlds, whether it may have. */
export function holdsItsEstimand({ method, held }: CausalCoverage): boolean {
  if (method === PLAIN_DIFFERENCE) return true;
  if (held.runs < 1_000) return held.upper >= LEAST_HELD;
  return held.value >= LEAST_HELD && held.value <= MOST_HELD;
}

/** `docs/causal-calibration.md`. */
export function causalReport(lines: readonly CausalCoverage[], runs: number, seed: number): string {
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const rows = lines.map(
    ({ method, estimand, held, bias }) =>
      `| ${method} | ${estimand} | ${percent(held.value)} (${percent(held.lower)} to ${percent(held.upper)}) | ${bias.toFixed(3)} |`,
  );
  return `# Calibration of causal methods

How often 95 % intervals held what they are about, over ${runs.toLocaleString('en')} simulated worlds of ${CAUSAL_UNITS.toLocaleString('en')} units. Who is treated depends on the covariates
that the outcome and the effect depend on as well, so that the plain difference of the groups is wrong. Written by

\`\`\`sh
npm run calibrate -- --causal --runs ${runs} --seed ${seed} --write
\`\`\`

In brackets are 99 % Monte-Carlo intervals; the bias is in standard errors. Each method is read against its own estimand.

| method | estimand | held | bias |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}
