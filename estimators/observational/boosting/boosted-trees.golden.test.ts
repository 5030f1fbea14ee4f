import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../../../parts/repository-root.ts';
import { binnedColumns } from './binned-columns.ts';
import { boostedTrees } from './boosted-trees.ts';
import { meanLoss } from './loss.ts';
import { predictBinned, predictedByTrees } from './tree-predictions.ts';

interface Case {
  readonly name: string;
  readonly loss: 'squared' | 'logistic';
  readonly binCount?: number;
  readonly treeCount?: number;
  readonly leafCount?: number;
  readonly maximumDepth?: number;
  readonly learningRate?: number;
  readonly minimumLeafRows?: number;
  readonly ridge?: number;
  readonly predictions: readonly number[];
  readonly newLoss: number;
  /** Relative; where equal splits are chosen otherwise, so that only the loss agrees. */
  readonly lossTolerance?: number;
}

interface Peer {
  readonly absoluteTolerance: number;
  readonly trainingRows: number;
  readonly columns: readonly (readonly number[])[];
  readonly outcome: readonly number[];
  readonly label: readonly number[];
  readonly cases: readonly Case[];
}

const peer = JSON.parse(readFileSync(repositoryFile('estimators/golden/causal/boosting.json'), 'utf8')) as Peer;

/** The first rows are learnt from; the others are new. */
function columnsOf(rowCount: number) {
  return {
    rowCount,
    names: peer.columns.map((_, index) => `x${index}`),
    columns: peer.columns.map((values) => Float64Array.from(values.slice(0, rowCount))),
  };
}

for (const { name, predictions, newLoss, lossTolerance, binCount, ...options } of peer.cases)
  test(`boosted trees as scikit-learn's HistGradientBoosting: ${name}`, () => {
    const { trainingRows, absoluteTolerance } = peer;
    const target = Float64Array.from(options.loss === 'squared' ? peer.outcome : peer.label);
    const binned = binnedColumns(columnsOf(trainingRows), binCount);
    const model = boostedTrees(binned, target.subarray(0, trainingRows), options);
    const found = predictedByTrees(model, columnsOf(target.length));
    const off = found.map((value, row) => Math.abs(value - predictions[row]!));
    const furthest = Math.max(...off);
    if (lossTolerance === undefined)
      assert.ok(furthest < absoluteTolerance, `off by ${furthest} in row ${off.indexOf(furthest)}`);
    const score = options.loss === 'squared' ? found : found.map((p) => Math.log(p / (1 - p)));
    const loss = meanLoss(options.loss, target.subarray(trainingRows), score.subarray(trainingRows));
    const allowed = lossTolerance === undefined ? absoluteTolerance : lossTolerance * newLoss;
    assert.ok(Math.abs(loss - newLoss) < allowed, `loss of new rows ${loss}, not ${newLoss}`);
    const byBins = new Float64Array(trainingRows);
    predictBinned(model, binned, Uint32Array.from(byBins.keys()), byBins);
    for (const [row, value] of byBins.entries()) assert.ok(Math.abs(value - found[row]!) < 1e-12);
  });
