import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numericColumns } from './numeric-columns.ts';

test('rows of numbers become columns', () => {
  assert.deepEqual(
    numericColumns([
      { a: 1, b: 0.5 },
      { a: 2, b: -1 },
    ]),
    { rowCount: 2, columns: { a: Float64Array.of(1, 2), b: Float64Array.of(0.5, -1) } },
  );
  assert.deepEqual(numericColumns([]), { rowCount: 0, columns: {} });
});

test('what is no number is an error that names its column', () => {
  assert.throws(() => numericColumns([{ a: 1 }, { a: null }]), /column a holds null, which is no number/);
  assert.throws(() => numericColumns([{ a: '7' }]), TypeError);
});
