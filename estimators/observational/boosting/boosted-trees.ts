import { seededRandom, type SeededRandom } from '../../seeded-random.ts';
import type { BinnedColumns } from './binned-columns.ts';
import { boostingSettings, type BoostingOptions, type BoostingSettings } from './boosting-options.ts';
import type { TrainingRows } from './histogram.ts';
import { baselineOf, fillGradients, meanLoss, type Loss } from './loss.ts';
import { grownTree, valueOf, type Tree, type Workspace } from './tree.ts';

export interface BoostedTrees {
  readonly loss: Loss;
  readonly baseline: number;
  readonly trees: readonly Tree[];
  /** Of the columns that it was fitted to, see `BinnedColumns`. */
  readonly edges: readonly Float64Array[];
  /** Mean loss of the held-out rows, of the baseline first and then after each tree that was grown; null without early stopping. */
  readonly heldOutLosses: readonly number[] | null;
}

/**
 * Gradient-boosted trees on histograms: each tree is grown leaf by leaf on first and second derivatives of the loss. The same data, options and seed give the
 * same trees.
 *
 * Source: J. H. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29 (2001), 1189–1232; T. Chen, C. Guestrin,
 * KDD 2016; G. Ke et al., NeurIPS 2017. Of settings that both have it predicts what scikit-learn's HistGradientBoosting predicts.
 *
 * @param target what is predicted, for each row of the columns; with logistic loss 0 or 1
 * @param rows those to learn from; default all
 * @throws RangeError for options that cannot be, no rows, or a target that the loss is not for
 */
export function boostedTrees(
  columns: BinnedColumns,
  target: Float64Array | Uint8Array,
  options: BoostingOptions,
  rows?: Uint32Array,
): BoostedTrees {
  const settings = boostingSettings(options);
  if (target.length !== columns.rowCount)
    throw new RangeError(`boosted trees: ${target.length} targets for ${columns.rowCount} rows`);
  const all = rows ?? Uint32Array.from({ length: columns.rowCount }, (_, row) => row);
  if (all.length === 0) throw new RangeError('boosted trees: there are no rows to learn from');
  const random = seededRandom(settings.seed);
  const [training, heldOut] = split(all, settings.earlyStopping?.heldOutRatio ?? 0, random);
  return new Booster(columns, target, training, heldOut, settings, random).fit();
}

class Booster {
  private readonly settings: BoostingSettings;
  private readonly random: SeededRandom;
  private readonly edges: readonly Float64Array[];
  private readonly training: TrainingRows;
  private readonly target: Float64Array;
  private readonly score: Float64Array;
  private readonly workspace: Workspace;
  private readonly heldOut: { readonly bins: Uint8Array; readonly target: Float64Array; readonly score: Float64Array };

  constructor(
    columns: BinnedColumns,
    target: Float64Array | Uint8Array,
    rows: Uint32Array,
    heldOut: Uint32Array,
    settings: BoostingSettings,
    random: SeededRandom,
  ) {
    const { featureCount, edges } = columns;
    this.settings = settings;
    this.random = random;
    this.edges = edges;
    this.target = gathered(target, rows);
    this.score = new Float64Array(rows.length);
    this.training = {
      rowCount: rows.length,
      featureCount,
      bins: gatheredBins(columns, rows),
      offsets: offsetsOf(edges),
      gradients: new Float64Array(rows.length),
      hessians: settings.loss === 'logistic' ? new Float64Array(rows.length) : null,
    };
    const drawn = Math.max(1, Math.round(settings.subsampleRatio * rows.length));
    this.workspace = { rows: new Uint32Array(drawn), spare: new Uint32Array(drawn), histograms: [] };
    this.heldOut = {
      bins: gatheredBins(columns, heldOut),
      target: gathered(target, heldOut),
      score: new Float64Array(heldOut.length),
    };
  }

  fit(): BoostedTrees {
    const { loss, treeCount, earlyStopping, onProgress, signal } = this.settings;
    const baseline = baselineOf(loss, this.target);
    this.score.fill(baseline);
    this.heldOut.score.fill(baseline);
    const trees: Tree[] = [];
    const losses = [meanLoss(loss, this.heldOut.target, this.heldOut.score)];
    let best = 0;
    while (trees.length < treeCount) {
      signal?.throwIfAborted();
      trees.push(this.nextTree());
      onProgress?.(trees.length / treeCount);
      if (earlyStopping === undefined) continue;
      losses.push(meanLoss(loss, this.heldOut.target, this.heldOut.score));
      if (losses.at(-1)! < losses[best]!) best = trees.length;
      else if (trees.length - best >= earlyStopping.patience) break;
    }
    const kept = earlyStopping === undefined ? trees : trees.slice(0, best);
    return {
      loss,
      baseline,
      trees: kept,
      edges: this.edges,
      heldOutLosses: earlyStopping === undefined ? null : losses,
    };
  }

  private nextTree(): Tree {
    const { target, score, training, workspace, heldOut } = this;
    fillGradients(target, score, training.gradients, training.hessians);
    drawInto(workspace.rows, training.rowCount, this.random);
    const { tree, leaves } = grownTree(training, workspace, this.settings);
    const { rows } = workspace;
    if (rows.length === training.rowCount)
      for (const { start, end, value } of leaves) for (let i = start; i < end; i += 1) score[rows[i]!]! += value;
    else addTree(tree, training.bins, training.featureCount, score);
    addTree(tree, heldOut.bins, training.featureCount, heldOut.score);
    return tree;
  }
}

function addTree(tree: Tree, bins: Uint8Array, featureCount: number, score: Float64Array): void {
  for (let row = 0, first = 0; row < score.length; row += 1, first += featureCount)
    score[row]! += valueOf(tree, bins, first);
}

/** Draws rows without replacement, in rising order (Knuth, The Art of Computer Programming 2, algorithm 3.4.2S); all of them where all are wanted. */
function drawInto(rows: Uint32Array, rowCount: number, random: SeededRandom): void {
  let drawn = 0;
  for (let row = 0; drawn < rows.length; row += 1) {
    const wanted = rows.length - drawn;
    const left = rowCount - row;
    if (wanted === left || random.uniform() * left < wanted) rows[drawn++] = row;
  }
}

function split(rows: Uint32Array, heldOutRatio: number, random: SeededRandom): readonly [Uint32Array, Uint32Array] {
  if (heldOutRatio === 0) return [rows, new Uint32Array(0)];
  const count = Math.round(heldOutRatio * rows.length);
  if (count < 1 || count >= rows.length)
    throw new RangeError(`boosted trees: ${rows.length} rows are too few to hold out a share of ${heldOutRatio}`);
  const places = new Uint32Array(count);
  drawInto(places, rows.length, random);
  const [training, heldOut] = [new Uint32Array(rows.length - count), new Uint32Array(count)];
  let [next, kept] = [0, 0];
  for (let place = 0; place < rows.length; place += 1)
    if (places[next] === place) heldOut[next++] = rows[place]!;
    else training[kept++] = rows[place]!;
  return [training, heldOut];
}

function gathered(values: Float64Array | Uint8Array, rows: Uint32Array): Float64Array {
  const found = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i += 1) found[i] = values[rows[i]!]!;
  return found;
}

function gatheredBins({ bins, featureCount }: BinnedColumns, rows: Uint32Array): Uint8Array {
  const found = new Uint8Array(rows.length * featureCount);
  for (let i = 0, to = 0; i < rows.length; i += 1) {
    const first = rows[i]! * featureCount;
    for (let feature = 0; feature < featureCount; feature += 1) found[to++] = bins[first + feature]!;
  }
  return found;
}

function offsetsOf(edges: readonly Float64Array[]): Uint32Array {
  const offsets = new Uint32Array(edges.length + 1);
  for (const [feature, of] of edges.entries()) offsets[feature + 1] = offsets[feature]! + of.length + 1;
  return offsets;
}
