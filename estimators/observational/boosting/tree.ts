import { bestSplit, type NodeSums, type Split, type SplitLimits } from './best-split.ts';
import { fillHistogram, PER_BIN, subtractHistogram, type TrainingRows } from './histogram.ts';

/** A tree as arrays over its nodes; node 0 is the root. */
export interface Tree {
  /** The left child, the right one is next to it; 0 for a leaf. */
  readonly leftChild: Uint32Array;
  readonly feature: Uint32Array;
  /** Rows whose bin is at most this go left. */
  readonly bin: Uint8Array;
  /** What a leaf adds to the prediction. */
  readonly value: Float64Array;
}

export interface TreeLimits extends SplitLimits {
  readonly leafCount: number;
  readonly maximumDepth: number;
  readonly learningRate: number;
}

/** Arrays that every tree of a fit uses again. */
export interface Workspace {
  /** The rows to learn from; they are put in the order of the leaves. */
  readonly rows: Uint32Array;
  readonly spare: Uint32Array;
  readonly histograms: Float64Array[];
}

/** A grown tree's leaf and the stretch of `rows` that it holds. */
export interface Leaf {
  readonly start: number;
  readonly end: number;
  readonly value: number;
}

interface Node extends NodeSums {
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  histogram: Float64Array | null;
  split: Split | null;
}

/**
 * Grows a tree leaf by leaf: always the leaf whose split gains most, until there are `leafCount`. The histogram of the smaller child is counted, that of the
 * other is what is left of the parent's.
 *
 * Source: G. Ke et al., "LightGBM", NeurIPS 2017; leaf values −η G/(H + λ), Chen & Guestrin 2016, equation 5.
 */
export function grownTree(
  training: TrainingRows,
  workspace: Workspace,
  limits: TreeLimits,
): { readonly tree: Tree; readonly leaves: readonly Leaf[] } {
  const grower = new Grower(training, workspace, limits);
  return grower.grow();
}

class Grower {
  private readonly training: TrainingRows;
  private readonly workspace: Workspace;
  private readonly limits: TreeLimits;
  private readonly leftChild: number[] = [0];
  private readonly feature: number[] = [0];
  private readonly bin: number[] = [0];
  private readonly value: number[] = [0];

  constructor(training: TrainingRows, workspace: Workspace, limits: TreeLimits) {
    this.training = training;
    this.workspace = workspace;
    this.limits = limits;
  }

  grow(): { readonly tree: Tree; readonly leaves: readonly Leaf[] } {
    const leaves = [this.root()];
    while (leaves.length < this.limits.leafCount) {
      const place = placeOfMostGain(leaves);
      const parent = leaves[place];
      const split = parent?.split ?? null;
      if (parent === undefined || split === null) break;
      const [left, right] = this.divided(parent, split, leaves.length + 1 < this.limits.leafCount);
      leaves[place] = left;
      leaves.push(right);
    }
    for (const leaf of leaves) {
      this.value[leaf.index] = (-this.limits.learningRate * leaf.gradient) / (leaf.hessian + this.limits.ridge + 1e-15);
      if (leaf.histogram !== null) this.workspace.histograms.push(leaf.histogram);
    }
    const tree = {
      leftChild: Uint32Array.from(this.leftChild),
      feature: Uint32Array.from(this.feature),
      bin: Uint8Array.from(this.bin),
      value: Float64Array.from(this.value),
    };
    return { tree, leaves: leaves.map(({ start, end, index }) => ({ start, end, value: this.value[index]! })) };
  }

  private root(): Node {
    const { rows } = this.workspace;
    const { gradients, hessians } = this.training;
    let [gradient, hessian] = [0, 0];
    for (let i = 0; i < rows.length; i += 1) {
      gradient += gradients[rows[i]!]!;
      hessian += hessians === null ? 1 : hessians[rows[i]!]!;
    }
    const sums = { gradient, hessian, rowCount: rows.length };
    const root: Node = { ...sums, index: 0, start: 0, end: rows.length, depth: 0, histogram: null, split: null };
    if (this.canSplit(root)) {
      const histogram = this.emptyHistogram();
      fillHistogram(this.training, rows, 0, rows.length, histogram);
      this.look(root, histogram);
    }
    return root;
  }

  private canSplit({ rowCount, depth, hessian }: Node): boolean {
    const { minimumLeafRows, minimumLeafHessian, maximumDepth, leafCount } = this.limits;
    return (
      leafCount > 1 &&
      depth < maximumDepth &&
      rowCount >= 2 * Math.max(1, minimumLeafRows) &&
      hessian >= 2 * minimumLeafHessian
    );
  }

  private look(node: Node, histogram: Float64Array): void {
    node.histogram = histogram;
    node.split = bestSplit(histogram, this.training.offsets, node, this.limits);
  }

  /** Splits a leaf. Where this was the last split no histogram is needed any more. */
  private divided(parent: Node, split: Split, isMoreWanted: boolean): readonly [Node, Node] {
    const middle = this.partition(parent, split);
    const leftIndex = this.leftChild.length;
    this.leftChild[parent.index] = leftIndex;
    this.feature[parent.index] = split.feature;
    this.bin[parent.index] = split.bin;
    for (const list of [this.leftChild, this.feature, this.bin, this.value]) list.push(0, 0);
    const of = { depth: parent.depth + 1, histogram: null, split: null };
    const left: Node = {
      ...of,
      index: leftIndex,
      start: parent.start,
      end: middle,
      rowCount: middle - parent.start,
      gradient: split.leftGradient,
      hessian: split.leftHessian,
    };
    const right: Node = {
      ...of,
      index: leftIndex + 1,
      start: middle,
      end: parent.end,
      rowCount: parent.end - middle,
      gradient: parent.gradient - split.leftGradient,
      hessian: parent.hessian - split.leftHessian,
    };
    const histogram = parent.histogram;
    parent.histogram = null;
    if (histogram !== null) this.divideHistogram(histogram, left, right, isMoreWanted);
    return [left, right];
  }

  private divideHistogram(ofParent: Float64Array, left: Node, right: Node, isMoreWanted: boolean): void {
    const [smaller, larger] = left.rowCount <= right.rowCount ? [left, right] : [right, left];
    if (!isMoreWanted || !this.canSplit(larger)) {
      this.workspace.histograms.push(ofParent);
      if (!isMoreWanted || !this.canSplit(smaller)) return;
    }
    const counted = this.emptyHistogram();
    fillHistogram(this.training, this.workspace.rows, smaller.start, smaller.end, counted);
    if (this.canSplit(larger)) {
      subtractHistogram(ofParent, counted);
      this.look(larger, ofParent);
    }
    if (this.canSplit(smaller)) this.look(smaller, counted);
    else this.workspace.histograms.push(counted);
  }

  private emptyHistogram(): Float64Array {
    return this.workspace.histograms.pop() ?? new Float64Array(PER_BIN * this.training.offsets.at(-1)!);
  }

  /** Rows that go left first; both sides stay in the order that they have, so that memory is read forwards. */
  private partition({ start, end }: Node, { feature, bin }: Split): number {
    const { rows, spare } = this.workspace;
    const { bins, featureCount } = this.training;
    let [left, right] = [start, 0];
    for (let i = start; i < end; i += 1) {
      const row = rows[i]!;
      // Writes to both, moves on in one: no branch that could be guessed wrong.
      const isRight = bins[row * featureCount + feature]! > bin ? 1 : 0;
      rows[left] = row;
      spare[right] = row;
      left += 1 - isRight;
      right += isRight;
    }
    rows.set(spare.subarray(0, right), left);
    return left;
  }
}

function placeOfMostGain(leaves: readonly Node[]): number {
  let [best, most] = [-1, 0];
  for (const [place, { split }] of leaves.entries())
    if (split !== null && split.gain > most) [best, most] = [place, split.gain];
  return best;
}

/** The leaf's value for a row of bins that begins at `first`. */
export function valueOf({ leftChild, feature, bin, value }: Tree, bins: Uint8Array, first: number): number {
  let node = 0;
  for (let left = leftChild[0]!; left !== 0; left = leftChild[node]!)
    node = bins[first + feature[node]!]! <= bin[node]! ? left : left + 1;
  return value[node]!;
}
