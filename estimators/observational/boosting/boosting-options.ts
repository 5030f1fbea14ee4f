import type { Progress } from '../columns.ts';
import type { Loss } from './loss.ts';

export interface BoostingOptions extends Progress {
  readonly loss: Loss;
  /** Default 100. */
  readonly treeCount?: number;
  /** Leaves of a tree at most; default 31. */
  readonly leafCount?: number;
  /** Splits from root to leaf at most; default as many as the leaves allow. */
  readonly maximumDepth?: number;
  /** By what each tree is shrunk; default 0.1. */
  readonly learningRate?: number;
  /** Default 20. */
  readonly minimumLeafRows?: number;
  /** Default 0.001. */
  readonly minimumLeafHessian?: number;
  /** Penalty λ on the squares of leaf values; default 0. */
  readonly ridge?: number;
  /** Share of the rows, drawn anew without replacement, that a tree is grown from; default 1: all of them. */
  readonly subsampleRatio?: number;
  /** Stops when rows that are held out have not been predicted better for `patience` trees, and keeps the trees up to the best. Default: never. */
  readonly earlyStopping?: { readonly heldOutRatio: number; readonly patience: number };
  /** Of what is drawn: subsamples, held-out rows. Default 1. */
  readonly seed?: number;
}

const DEFAULTS = {
  treeCount: 100,
  leafCount: 31,
  maximumDepth: Infinity,
  learningRate: 0.1,
  minimumLeafRows: 20,
  minimumLeafHessian: 1e-3,
  ridge: 0,
  subsampleRatio: 1,
  seed: 1,
};

export type BoostingSettings = BoostingOptions & typeof DEFAULTS;

/**
 * Options with what was left open.
 *
 * @throws RangeError for options that cannot be
 */
export function boostingSettings(options: BoostingOptions): BoostingSettings {
  const settings = { ...DEFAULTS, ...options };
  assertOptions(settings);
  return settings;
}

function assertOptions(of: BoostingSettings): void {
  const refuse = (name: string, wanted: string, got: number): never => {
    throw new RangeError(`boosted trees: ${name} must be ${wanted}, got ${got}`);
  };
  for (const name of ['treeCount', 'leafCount', 'minimumLeafRows'] as const)
    if (!Number.isSafeInteger(of[name]) || of[name] < 1) refuse(name, 'a whole number above 0', of[name]);
  for (const name of ['minimumLeafHessian', 'ridge'] as const)
    if (!(of[name] >= 0 && Number.isFinite(of[name]))) refuse(name, 'at least 0', of[name]);
  for (const name of ['learningRate', 'subsampleRatio'] as const)
    if (!(of[name] > 0 && of[name] <= 1)) refuse(name, 'above 0 and at most 1', of[name]);
  if (!(of.maximumDepth >= 1)) refuse('maximumDepth', 'at least 1', of.maximumDepth);
  const { earlyStopping } = of;
  if (earlyStopping === undefined) return;
  if (!(earlyStopping.heldOutRatio > 0 && earlyStopping.heldOutRatio < 1))
    refuse('heldOutRatio', 'between 0 and 1', earlyStopping.heldOutRatio);
  if (!Number.isSafeInteger(earlyStopping.patience) || earlyStopping.patience < 1)
    refuse('patience', 'a whole number above 0', earlyStopping.patience);
}
