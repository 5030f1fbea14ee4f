import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../seeded-random.ts';
import { binnedColumns } from './binned-columns.ts';
import { boostedTrees } from './boosted-trees.ts';
import { predictedByTrees } from './tree-predictions.ts';

function study(rowCount: number, seed: number) {
  const random = seededRandom(seed);
  const columns = [0, 1, 2].map(() => Float64Array.from({ length: rowCount }, () => random.normal()));
  const mean = columns[0]!.map((x, row) => Math.sin(2 * x) + columns[1]![row]! * (columns[2]![row]! > 0 ? 1 : -1));
  return {
    columns: { rowCount, names: ['a', 'b', 'c'], columns },
    outcome: mean.map((of) => of + random.normal()),
    label: mean.map((of) => random.bernoulli(1 / (1 + Math.exp(-2 * of)))),
    mean,
  };
}

const meanSquare = (of: Float64Array, other: Float64Array): number =>
  of.reduce((sum, value, row) => sum + (value - other[row]!) ** 2, 0) / of.length;

test('boosted trees find a bent surface that no line follows', () => {
  const { columns, outcome, mean } = study(5000, 1);
  const found = predictedByTrees(boostedTrees(binnedColumns(columns), outcome, { loss: 'squared' }), columns);
  assert.ok(meanSquare(found, mean) < 0.12 * meanSquare(mean, new Float64Array(5000)));
});

test('the same seed gives the same trees, also with subsamples; another seed others', () => {
  const { columns, outcome } = study(800, 2);
  const binned = binnedColumns(columns);
  const fit = (seed: number) =>
    predictedByTrees(
      boostedTrees(binned, outcome, { loss: 'squared', subsampleRatio: 0.5, treeCount: 20, seed }),
      columns,
    );
  assert.deepEqual(fit(7), fit(7));
  assert.notDeepEqual(fit(7), fit(8));
});

test('early stopping keeps the trees up to the best, and fewer of them where there is nothing to find', () => {
  const { columns, outcome } = study(2000, 3);
  const options = { loss: 'squared', treeCount: 300, earlyStopping: { heldOutRatio: 0.2, patience: 10 } } as const;
  const { trees, heldOutLosses } = boostedTrees(binnedColumns(columns), outcome, options);
  assert.ok(trees.length > 10 && trees.length < 300);
  assert.equal(heldOutLosses?.indexOf(Math.min(...heldOutLosses)), trees.length);
  const random = seededRandom(4);
  const noise = outcome.map(() => random.normal());
  assert.ok(boostedTrees(binnedColumns(columns), noise, options).trees.length < 10);
});

test('learning from some rows is learning from a table of them', () => {
  const { columns, label } = study(600, 5);
  const rows = Uint32Array.from({ length: 200 }, (_, place) => 3 * place);
  const binned = binnedColumns(columns);
  const some = boostedTrees(binned, label, { loss: 'logistic', treeCount: 10 }, rows);
  const bins = new Uint8Array(600);
  for (const [place, row] of rows.entries()) bins.set(binned.bins.subarray(3 * row, 3 * row + 3), 3 * place);
  const table = { ...binned, rowCount: 200, bins };
  const labels = Float64Array.from(rows, (row) => label[row]!);
  const all = boostedTrees(table, labels, { loss: 'logistic', treeCount: 10 });
  assert.deepEqual(predictedByTrees(some, columns), predictedByTrees(all, columns));
});

test('predictions: within the outcomes for any data, the mean of training rows kept, order of rows of no matter', () => {
  const values = fc.array(
    fc.tuple(fc.integer({ min: -50, max: 50 }), fc.double({ min: -1e6, max: 1e6, noNaN: true })),
    {
      minLength: 1,
      maxLength: 120,
    },
  );
  fc.assert(
    fc.property(values, fc.integer({ min: 2, max: 255 }), (pairs, binCount) => {
      const x = Float64Array.from(pairs, ([of]) => of);
      const y = Float64Array.from(pairs, ([, of]) => of);
      const columns = { rowCount: x.length, names: ['x'], columns: [x] };
      const options = { loss: 'squared', treeCount: 5, minimumLeafRows: 3 } as const;
      const found = predictedByTrees(boostedTrees(binnedColumns(columns, binCount), y, options), columns);
      const scale = Math.max(1, ...y.map(Math.abs));
      const sum = (of: Float64Array): number => of.reduce((total, value) => total + value, 0);
      assert.ok(Math.abs(sum(found) - sum(y)) < 1e-9 * scale * x.length);
      assert.ok(
        Math.min(...found) >= Math.min(...y) - 1e-9 * scale && Math.max(...found) <= Math.max(...y) + 1e-9 * scale,
      );
      const back = { ...columns, columns: [x.toReversed()] };
      const reversed = predictedByTrees(boostedTrees(binnedColumns(back, binCount), y.toReversed(), options), columns);
      for (const [row, value] of reversed.entries()) assert.ok(Math.abs(value - found[row]!) < 1e-6 * scale);
    }),
    { numRuns: 60, seed: 20261124 },
  );
});

test('what cannot be is refused by name', () => {
  const { columns, outcome, label } = study(50, 6);
  const binned = binnedColumns(columns);
  assert.throws(() => boostedTrees(binned, outcome, { loss: 'logistic' }), /training row 1 is .* not 0 or 1/);
  assert.throws(() => boostedTrees(binned, label.fill(1), { loss: 'logistic' }), /nothing to tell apart/);
  assert.throws(
    () => boostedTrees(binned, outcome, { loss: 'squared', learningRate: 0 }),
    /learningRate must be above 0/,
  );
  assert.throws(() => boostedTrees(binned, outcome, { loss: 'squared' }, new Uint32Array(0)), /no rows to learn from/);
  assert.throws(() => binnedColumns(columns, 256), /binCount must be 2 to 255, got 256/);
  columns.columns[1]![3] = NaN;
  assert.throws(() => binnedColumns(columns), /row 4, column "b" is NaN/);
});

test('a fit is told how far it is, and stops when it is told to', () => {
  const { columns, outcome } = study(200, 8);
  const abort = new AbortController();
  const shares: number[] = [];
  const onProgress = (share: number): void => {
    shares.push(share);
    if (share >= 0.3) abort.abort();
  };
  const options = { loss: 'squared', treeCount: 10, onProgress, signal: abort.signal } as const;
  assert.throws(() => boostedTrees(binnedColumns(columns), outcome, options), { name: 'AbortError' });
  assert.deepEqual(shares, [0.1, 0.2, 0.3]);
});
