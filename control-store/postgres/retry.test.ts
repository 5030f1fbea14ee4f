import assert from 'node:assert/strict';
import test from 'node:test';
import { ConflictError } from '../port.ts';
import { isTransient, withRetry } from './retry.ts';

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

test('lost connections and servers that start or stop are transient; refusals are not', () => {
  for (const code of ['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '40001', '08006']) {
    assert.equal(isTransient(withCode(code)), true, code);
  }
  assert.equal(isTransient(new Error('Connection terminated unexpectedly')), true);
  assert.equal(isTransient(new AggregateError([withCode('ECONNREFUSED')])), true);
  for (const error of [
    withCode('23505'),
    withCode('23001'),
    withCode('57014'),
    new ConflictError('no'),
    'text',
    null,
  ]) {
    assert.equal(isTransient(error), false);
  }
});

test('does it again after a lost connection, and once after anything else', async () => {
  let attempts = 0;
  const second = await withRetry(() => {
    attempts++;
    return attempts === 1 ? Promise.reject(withCode('57P01')) : Promise.resolve('done');
  });
  assert.deepEqual([second, attempts], ['done', 2]);
  attempts = 0;
  const refused = withRetry(() => {
    attempts++;
    return Promise.reject(new ConflictError('no'));
  });
  await assert.rejects(refused, ConflictError);
  assert.equal(attempts, 1);
});
