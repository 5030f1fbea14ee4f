import assert from 'node:assert/strict';
import test from 'node:test';
import { ReadinessCheck, type HealthPart } from './readiness.ts';

const up: HealthPart = { name: 'up', isNeeded: true, whileDown: 'nothing goes', check: () => 'answers' };
const optional: HealthPart = {
  name: 'optional',
  isNeeded: false,
  whileDown: 'the rest goes on',
  check: () => Promise.reject(new Error('connection refused')),
};
const needed: HealthPart = { ...optional, name: 'needed', isNeeded: true };

test('only what is needed makes a process unready, and each part says why', async () => {
  assert.equal((await watching([up])).status, 'ready');
  const degraded = await watching([up, optional]);
  assert.equal(degraded.status, 'degraded');
  assert.deepEqual(degraded.parts, [
    { name: 'up', state: 'up', isNeeded: true, detail: 'answers' },
    { name: 'optional', state: 'down', isNeeded: false, detail: 'connection refused; the rest goes on' },
  ]);
  assert.equal((await watching([up, optional, needed])).status, 'unready');
});

test('a process is unready until it has started and again when it stops', async () => {
  const readiness = new ReadinessCheck();
  assert.deepEqual(await readiness.look(), {
    status: 'unready',
    parts: [{ name: 'process', state: 'down', isNeeded: true, detail: 'it is starting' }],
  });
  readiness.watch([up]);
  assert.equal((await readiness.look()).status, 'ready');
  readiness.drain();
  const draining = await readiness.look();
  assert.equal(draining.status, 'unready');
  assert.match(draining.parts[0]?.detail ?? '', /stopping/);
});

test('a part that hangs is down, and is not asked a second time beside itself', async () => {
  let asked = 0;
  let answer = (_text: string): void => undefined;
  const hanging: HealthPart = {
    ...needed,
    check: () => {
      asked += 1;
      return new Promise<string>((resolve) => (answer = resolve));
    },
  };
  const readiness = new ReadinessCheck({ timeoutMs: 5, freshForMs: 0 });
  readiness.watch([hanging]);
  for (let look = 0; look < 3; look += 1) {
    const { status, parts } = await readiness.look();
    assert.equal(status, 'unready');
    assert.match(parts[0]?.detail ?? '', /did not answer within 5 ms/);
  }
  assert.equal(asked, 1);
  answer('is back');
  await new Promise((resolve) => setImmediate(resolve));
  const again = readiness.look();
  answer('is back');
  assert.equal((await again).status, 'ready');
  assert.equal(asked, 2);
});

test('whoever asks often does not make the parts work more', async () => {
  let now = 0;
  let asked = 0;
  const readiness = new ReadinessCheck({ freshForMs: 1_000, now: () => now });
  readiness.watch([{ ...up, check: () => `asked ${(asked += 1)} times` }]);
  await Promise.all(Array.from({ length: 50 }, () => readiness.look()));
  now = 999;
  await readiness.look();
  assert.equal(asked, 1);
  now = 1_000;
  await readiness.look();
  assert.equal(asked, 2);
});

async function watching(parts: readonly HealthPart[]) {
  const readiness = new ReadinessCheck();
  readiness.watch(parts);
  return await readiness.look();
}
