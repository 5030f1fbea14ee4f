import type { Columns } from '../columns.ts';
import type { BinnedColumns } from './binned-columns.ts';
import type { BoostedTrees } from './boosted-trees.ts';
import { valueOf } from './tree.ts';

/**
 * Predictions for rows of the columns that the trees were fitted to: means, or probabilities.
 *
 * @param into for each row of the columns a place; only those of `rows` are written
 */
export function predictBinned(
  model: BoostedTrees,
  columns: BinnedColumns,
  rows: Uint32Array,
  into: Float64Array,
): void {
  const { bins, featureCount } = columns;
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i]!;
    let score = model.baseline;
    for (const tree of model.trees) score += valueOf(tree, bins, row * featureCount);
    into[row] = model.loss === 'logistic' ? 1 / (1 + Math.exp(-score)) : score;
  }
}

/**
 * Predictions for any rows: means, or probabilities.
 *
 * @throws RangeError where there are fewer or more columns than the trees were fitted to
 */
export function predictedByTrees(
  { baseline, trees, edges, loss }: BoostedTrees,
  { columns, rowCount }: Columns,
): Float64Array {
  if (columns.length !== edges.length)
    throw new RangeError(`boosted trees: fitted to ${edges.length} columns, asked with ${columns.length}`);
  const score = new Float64Array(rowCount).fill(baseline);
  for (const { leftChild, feature, bin, value } of trees) {
    const threshold = Float64Array.from(feature, (of, node) => edges[of]?.[bin[node]!] ?? 0);
    for (let row = 0; row < rowCount; row += 1) {
      let node = 0;
      for (let left = leftChild[0]!; left !== 0; left = leftChild[node]!)
        node = columns[feature[node]!]![row]! <= threshold[node]! ? left : left + 1;
      score[row]! += value[node]!;
    }
  }
  if (loss === 'logistic') for (let row = 0; row < rowCount; row += 1) score[row] = 1 / (1 + Math.exp(-score[row]!));
  return score;
}
