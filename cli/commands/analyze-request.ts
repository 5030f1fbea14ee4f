import { didYouMean } from '../../definitions/suggestion.ts';
import { parseMetric } from '../../analyze/experiment/metric-expression.ts';
import type {
  Correction,
  DesignRequest,
  ExperimentRequest,
  MissingPolicy,
  OtherExperiment,
} from '../../analyze/experiment/request.ts';
import type { Spending } from '../../estimators/stopping/spending.ts';
import type { FutilityRule } from '../../estimators/stopping/futility-reading.ts';
import type { StoppingRule } from '../../estimators/stopping/stopping-rule.ts';
import { UsageError } from '../failures.ts';

/** The options of `umpire analyze FILE --metric …`, as the command line gives them. */
export interface ExperimentOptions {
  readonly unit?: string;
  readonly variant?: string;
  readonly control?: string;
  readonly metric: readonly string[];
  readonly covariate: readonly string[];
  readonly cupac?: readonly string[];
  readonly interaction?: readonly string[];
  readonly triggered?: string;
  readonly segment: readonly string[];
  readonly date?: string;
  readonly alpha: string;
  readonly stopping: string;
  readonly spending: string;
  readonly looks?: string;
  readonly look?: string;
  readonly tunedFor?: string;
  readonly sequences?: string;
  readonly information?: string;
  readonly futility?: string;
  readonly futilityPower?: string;
  readonly design: string;
  readonly cluster?: string;
  readonly region?: string;
  readonly window?: string;
  readonly postStratify?: string;
  readonly correction: string;
  readonly weights?: string;
  readonly missing: string;
}

/** @throws UsageError where an option is wrong or missing */
export function experimentRequest(file: string, options: ExperimentOptions): ExperimentRequest {
  const design = designOf(options);
  const { unit, variant, control } = options;
  if (variant === undefined) throw missing('--variant <column>', 'the column that says which arm');
  if (control === undefined) throw missing('--control <label>', "control's label in the column of --variant");
  if (unit === undefined && design.kind !== 'switchback')
    throw missing('--unit <column>', 'the column that says whose row it is');
  return {
    file,
    unit: unit ?? null,
    variant,
    control,
    metrics: options.metric.map(parseMetric),
    covariates: options.covariate,
    predictors: options.cupac ?? [],
    segments: options.segment,
    otherExperiments: (options.interaction ?? []).map(otherExperimentOf),
    ...(options.triggered === undefined ? {} : { triggered: options.triggered }),
    ...(options.postStratify === undefined ? {} : { postStratify: options.postStratify }),
    date: options.date ?? null,
    stopping: stoppingOf(options),
    sequences: choice('--sequences', options.sequences ?? 'auto', ['auto', 'exact', 'asymptotic']),
    ...futilityOf(options),
    design,
    alpha: levelOf(options.alpha),
    correction: choice<Correction>('--correction', options.correction, ['bh', 'by', 'holm', 'none']),
    weights: options.weights === undefined ? null : weightsOf(options.weights),
    missing: choice<MissingPolicy>('--missing', options.missing, ['refuse', 'drop', 'zero']),
  };
}

function otherExperimentOf(text: string): OtherExperiment {
  const at = text.lastIndexOf('=');
  if (at === 0 || at === text.length - 1)
    throw new UsageError(`--interaction is COLUMN or COLUMN=CONTROL, such as promo_arm=off; got "${text}"`);
  return at < 0 ? { column: text, control: null } : { column: text.slice(0, at), control: text.slice(at + 1) };
}

export function levelOf(alpha: string): number {
  const level = Number(alpha);
  if (!(level > 0 && level < 1)) throw new UsageError(`--alpha must lie between 0 and 1, got "${alpha}"`);
  return level;
}

function missing(option: string, what: string): UsageError {
  return new UsageError(`required option '${option}' not specified: ${what}`);
}

function stoppingOf({ stopping, spending, looks, look, tunedFor, information }: ExperimentOptions): StoppingRule {
  const rule = choice('--stopping', stopping, ['always-valid', 'fixed', 'fixed-horizon', 'group-sequential']);
  if (rule !== 'group-sequential' && (looks !== undefined || look !== undefined))
    throw new UsageError('--looks and --look belong to --stopping group-sequential');
  if (rule === 'always-valid')
    return { rule, ...(tunedFor === undefined ? {} : { tunedForCount: wholeOf('--tuned-for', tunedFor, 2) }) };
  if (rule !== 'group-sequential') return { rule: 'fixed-horizon' };
  if (looks === undefined) throw missing('--looks <number>', 'how many looks were planned');
  if (look === undefined) throw missing('--look <number>', 'which of them this is, from 1');
  const planned = wholeOf('--looks', looks, 1);
  const current = wholeOf('--look', look, 1);
  if (current > planned) throw new UsageError(`--look ${current} is beyond the ${planned} planned --looks`);
  const fractions = information === undefined ? {} : { informationFractions: fractionsOf(information, current) };
  return { rule, spending: spendingOf(spending), looks: planned, look: current, ...fractions };
}

function futilityOf({ stopping, futility, futilityPower = '80%', alpha }: ExperimentOptions): {
  readonly futility?: FutilityRule;
} {
  if (futility === undefined) return {};
  if (stopping !== 'group-sequential')
    throw new UsageError(
      '--futility belongs to --stopping group-sequential, which has planned looks to give up before',
    );
  const written = /^(\d+(?:\.\d+)?)\s*%$/.exec(futilityPower);
  const power = written === null ? Number(futilityPower) : Number(written[1]) / 100;
  if (!(power > levelOf(alpha) / 2 && power < 1))
    throw new UsageError(`--futility-power is a share above half of --alpha, such as 80%; got "${futilityPower}"`);
  return { futility: { spending: spendingOf(futility, '--futility'), power } };
}

export function spendingOf(text: string, option = '--spending'): Spending {
  const [family = '', parameter] = text.split('=', 2);
  const value = parameter === undefined ? NaN : Number(parameter);
  if (family === 'hwang-shih-decani' && Number.isFinite(value)) return { family, gamma: value };
  if (family === 'power' && value > 0) return { family, rho: value };
  if (text === 'obrien-fleming' || text === 'pocock') return text;
  throw new UsageError(
    `${option} is obrien-fleming, pocock, hwang-shih-decani=GAMMA (such as -4) or power=RHO (such as 3); got "${text}"`,
  );
}

/** Information of the looks up to this one, as fractions of the planned maximum. */
function fractionsOf(text: string, look: number): number[] {
  const fractions = text.split(',').map(Number);
  const isRising = fractions.every((fraction, index) => fraction > (fractions[index - 1] ?? 0));
  if (fractions.length === look && isRising) return fractions;
  throw new UsageError(
    `--information is one rising number per look so far (${look}), such as 0.2,0.5: units over planned units; got "${text}"`,
  );
}

function designOf({ design, cluster, region, window }: ExperimentOptions): DesignRequest {
  const kind = choice('--design', design, ['user', 'cluster', 'switchback']);
  if (kind !== 'cluster' && cluster !== undefined) throw new UsageError('--cluster belongs to --design cluster');
  if (kind !== 'switchback' && (region ?? window) !== undefined)
    throw new UsageError('--region and --window belong to --design switchback');
  if (kind === 'user') return { kind };
  if (kind === 'cluster') {
    if (cluster === undefined) throw missing('--cluster <column>', 'the column that says which cluster was randomized');
    return { kind, cluster };
  }
  if (region === undefined) throw missing('--region <column>', 'the column that says which region');
  if (window === undefined) throw missing('--window <column>', 'the column that says which window of time');
  return { kind, region, window, isLength: false };
}

function weightsOf(text: string): Record<string, number> {
  const weights: Record<string, number> = {};
  for (const part of text.split(',')) {
    const at = part.lastIndexOf('=');
    const weight = at < 1 ? NaN : Number(part.slice(at + 1));
    if (!(weight > 0) || !Number.isFinite(weight))
      throw new UsageError(`--weights is ARM=WEIGHT,ARM=WEIGHT…, such as control=90,large=10; "${part}" is none`);
    weights[part.slice(0, at).trim()] = weight;
  }
  return weights;
}

export function choice<T extends string>(option: string, given: string, choices: readonly T[]): T {
  const found = choices.find((each) => each === given);
  if (found !== undefined) return found;
  throw new UsageError(`${option} is one of ${choices.join(', ')}; got "${given}"${didYouMean(given, choices)}`);
}

export function wholeOf(option: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new UsageError(`${option} must be a whole number of at least ${least}, got "${text}"`);
}
