import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import type { ControlStore, LinkOutcome } from '../port.ts';
import { startTestStore, type TestStore } from '../testing/test-store.ts';

let bench: TestStore;
let store: ControlStore;

before(async () => {
  bench = await startTestStore();
  store = bench.store;
});
after(() => bench.stop());

async function link(userId: string, deviceId: string): Promise<[LinkOutcome, string | null]> {
  const { outcome, hashedDeviceId } = await store.linkIdentity(userId, deviceId);
  return [outcome, hashedDeviceId];
}

test('a link is written once and stays', async () => {
  assert.deepEqual(await link('asha', 'phone'), ['linked', 'phone']);
  assert.deepEqual(await link('asha', 'phone'), ['already-linked', 'phone']);
  assert.deepEqual(await link('asha', 'tablet'), ['user-linked-elsewhere', 'phone']);
  assert.equal(await store.linkedDevice('asha'), 'phone');
});

test('later users of a device hash by themselves', async () => {
  assert.deepEqual(await link('first', 'shared phone'), ['linked', 'shared phone']);
  assert.deepEqual(await link('second', 'shared phone'), ['device-taken', null]);
  assert.equal(await store.linkedDevice('second'), null);
});

test("a user who was exposed under his own id keeps that id's arm, and his device stays free", async () => {
  await store.markUsersExposed(['exposed', 'exposed', 'other']);
  assert.deepEqual(await link('exposed', 'his phone'), ['user-already-exposed', null]);
  assert.equal(await store.linkedDevice('exposed'), null);
  assert.deepEqual(await link('newcomer', 'his phone'), ['linked', 'his phone']);
});

test('a link holds when the linked user is exposed afterwards', async () => {
  await link('linked', 'watch');
  await store.markUsersExposed(['linked']);
  assert.equal(await store.linkedDevice('linked'), 'watch');
});

test('of 50 users who link one device at once exactly one gets it; of 50 devices a user gets one', async () => {
  const another = await bench.another();
  const stores = [store, another];
  const indices = Array.from({ length: 50 }, (_, index) => index);
  const byUser = await Promise.all(
    indices.map(async (index) => await stores[index % 2]?.linkIdentity(`racer ${index}`, 'raced phone')),
  );
  assert.deepEqual(countOf(byUser.map((result) => result?.outcome)), { linked: 1, 'device-taken': 49 });
  const byDevice = await Promise.all(
    indices.map(async (index) => await stores[index % 2]?.linkIdentity('one racer', `phone ${index}`)),
  );
  assert.deepEqual(countOf(byDevice.map((result) => result?.outcome)), { linked: 1, 'user-linked-elsewhere': 49 });
  assert.equal(new Set(byDevice.map((result) => result?.hashedDeviceId)).size, 1);
});

test('exposures and links at once end in one answer for each user', async () => {
  const users = Array.from({ length: 200 }, (_, index) => `contested ${index}`);
  const [links] = await Promise.all([
    Promise.all(users.map(async (user) => await store.linkIdentity(user, `phone of ${user}`))),
    store.markUsersExposed(users.slice(0, 100)),
    store.markUsersExposed(users.slice(50).reverse()),
  ]);
  for (const [index, user] of users.entries()) {
    const { outcome, hashedDeviceId } = links[index] ?? assert.fail();
    assert.equal(await store.linkedDevice(user), hashedDeviceId);
    assert.equal(hashedDeviceId, outcome === 'linked' ? `phone of ${user}` : null);
  }
});

test('ids that cannot be kept are refused by name', async () => {
  await assert.rejects(store.linkIdentity('', 'phone'), /userId: is empty/);
  await assert.rejects(store.linkIdentity('user', 'a\0b'), /deviceId: contains a NUL/);
  await assert.rejects(store.linkIdentity('u'.repeat(1_001), 'phone'), /userId: is longer than 1,000 bytes/);
  await assert.rejects(store.markUsersExposed(['fine', '\ud800']), /userId: contains a NUL or half a surrogate pair/);
  await store.markUsersExposed([]);
});

function countOf(outcomes: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[String(outcome)] = (counts[String(outcome)] ?? 0) + 1;
  return counts;
}
