import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { InvalidDefinitionError } from '../../definitions/definition.ts';
import { ConflictError, NotFoundError } from '../port.ts';
import { documents, example, experimentDocuments } from '../testing/documents.ts';
import { actor, startTestStore, type TestStore } from '../testing/test-store.ts';

let bench: TestStore;

before(async () => {
  bench = await startTestStore({ clock: () => 1_700_000_000_000 });
});
after(() => bench.stop());

const flag = (key: string, control = 'off'): object => ({
  kind: 'flag',
  key,
  owner: 'shop',
  type: 'boolean',
  variants: [
    { key: 'off', value: false },
    { key: 'on', value: true },
  ],
  control,
});

test('stores documents with version, author and time, and reads any version back', async () => {
  const { store } = bench;
  const [first] = await store.putDefinitions(documents(flag('versioned')), actor);
  assert.ok(first);
  assert.deepEqual(
    { version: first.version, createdBy: first.createdBy, createdAtMs: first.createdAtMs },
    { version: 1, createdBy: 'asha', createdAtMs: 1_700_000_000_000 },
  );
  const [second] = await store.putDefinitions(documents(flag('versioned', 'on')), { name: 'ravi', reason: 'flip' });
  assert.equal(second?.version, 2);
  assert.equal(second.createdBy, 'ravi');
  assert.equal((await store.getDefinition('flag', 'versioned')).definition.control, 'on');
  assert.deepEqual(await store.getDefinition('flag', 'versioned', 1), first);
  const listed = await store.listDefinitions('flag');
  assert.deepEqual(
    listed.filter(({ definition }) => definition.key === 'versioned'),
    [second],
  );
});

test('a document that did not change makes no version, no audit entry and no ruleset', async () => {
  const { store } = bench;
  await store.putDefinitions(documents(flag('same')), actor);
  const before = await store.currentRuleset();
  const [again] = await store.putDefinitions(documents(flag('same')), { name: 'ravi', reason: 'again' });
  assert.equal(again?.version, 1);
  assert.equal(again.createdBy, 'asha');
  assert.equal((await store.currentRuleset()).version, before.version);
  assert.equal((await store.listAudit({ subject: 'same', limit: 10 })).length, 1);
});

test('stores all documents or none, and tells all problems at once', async () => {
  const { store } = bench;
  const good = flag('stored_with_bad');
  const bad = experimentDocuments('bad', { metrics: { primary: 'oders', secondary: ['nothing_like_it'] } });
  await assert.rejects(store.putDefinitions([...documents(good), ...bad], actor), (error) => {
    assert.ok(error instanceof InvalidDefinitionError);
    assert.deepEqual(error.problems, [
      {
        path: 'experiment bad: metrics.primary',
        message: 'there is no metric "oders" (did you mean "orders"?); define it, in this file or before',
      },
      {
        path: 'experiment bad: metrics.secondary[0]',
        message: 'there is no metric "nothing_like_it"; define it, in this file or before',
      },
    ]);
    return true;
  });
  await assert.rejects(store.getDefinition('flag', 'stored_with_bad'), NotFoundError);
  await assert.rejects(store.getExperiment('bad'), NotFoundError);
  const twice = documents(flag('twice'));
  await assert.rejects(store.putDefinitions([...twice, ...twice], actor), /flag twice: is given twice; keep one/);
});

test('checks new documents against stored ones, and stored ones against new ones', async () => {
  const { store } = bench;
  await store.putDefinitions(documents(flag('shared')), actor);
  const on = [
    { key: 'off', value: false },
    { key: 'on', value: true },
  ];
  await store.putDefinitions(experimentDocuments('on_shared', { flag: 'shared', control: 'off', variants: on }), actor);
  const without = { ...flag('shared'), variants: [{ key: 'off', value: false }] };
  await assert.rejects(
    store.putDefinitions(documents(without), actor),
    /experiment on_shared: variants\[1\]\.key: the flag "shared" has no variant "on"; it has off/,
  );
});

test('every change is in the audit, newest first', async () => {
  const { store } = bench;
  await store.putDefinitions(await example('payment_page.yaml'), { name: 'meera', reason: 'launch' });
  const [entry, ...others] = await store.listAudit({ subject: 'payment_page', limit: 10 });
  assert.deepEqual(others, []);
  assert.ok(entry);
  const { id, ...rest } = entry;
  assert.ok(id > 0);
  assert.deepEqual(rest, {
    atMs: 1_700_000_000_000,
    actor: 'meera',
    action: 'definition.put',
    subject: 'payment_page',
    reason: 'launch',
    detail: { kind: 'flag', version: 1 },
  });
  const newest = await store.listAudit({ limit: 3 });
  assert.deepEqual(
    newest.map((each) => each.id),
    newest.map((each) => each.id).sort((a, b) => b - a),
  );
});

test('a change on an outdated version is refused', async () => {
  const { store } = bench;
  const expecting = (version: number): { kind: 'flag'; key: string; version: number }[] => [
    { kind: 'flag', key: 'compared', version },
  ];
  await store.putDefinitions(documents(flag('compared')), actor, expecting(0));
  await store.putDefinitions(documents(flag('compared', 'on')), actor, expecting(1));
  await assert.rejects(
    store.putDefinitions(documents({ ...flag('compared'), owner: 'other' }), actor, expecting(1)),
    (error) => error instanceof ConflictError && /flag compared is at version 2, not 1/.test(error.message),
  );
  // The answer to the second change was lost and it is sent once more.
  const [again] = await store.putDefinitions(documents(flag('compared', 'on')), actor, expecting(1));
  assert.equal(again?.version, 2);
});

test('an experiment that runs keeps its split until its epoch ends', async () => {
  const { store } = bench;
  await store.putDefinitions(experimentDocuments('running'), actor);
  await bench.run('running');
  const wider = experimentDocuments('running', {
    variants: [
      { key: 'control', value: false, weight: 90 },
      { key: 'treatment', value: true, weight: 10 },
    ],
  });
  await assert.rejects(
    store.putDefinitions(wider, actor),
    /experiment running: variants: cannot change while the experiment runs/,
  );
  const before = await store.currentRuleset();
  await store.putDefinitions(experimentDocuments('running', { hypothesis: 'It helps a lot.' }), actor);
  assert.equal((await store.currentRuleset()).version, before.version);
  assert.equal((await store.getExperiment('running')).definitionVersion, 1);
  await bench.move('running', { to: 'rolled-back' });
  await store.putDefinitions(wider, actor);
});

test('a segment stays as it is while an experiment that runs targets it, also through another segment', async () => {
  const { store } = bench;
  const inner = { kind: 'segment', key: 'inner', owner: 'shop', when: { attribute: 'a', operator: 'exists' } };
  const outer = { kind: 'segment', key: 'outer', owner: 'shop', when: { not: { segment: 'inner' } } };
  await store.putDefinitions(documents(inner, outer), actor);
  await store.putDefinitions(experimentDocuments('targeted', { targeting: { segment: 'outer' } }), actor);
  await bench.run('targeted');
  const changed = documents({ ...inner, when: { attribute: 'b', operator: 'exists' } });
  await assert.rejects(
    store.putDefinitions(changed, actor),
    /segment inner: when: cannot change while the experiment "targeted", which it targets, runs/,
  );
});

test('bad arguments are errors that name them', async () => {
  const { store } = bench;
  await assert.rejects(store.putDefinitions([], { name: ' ', reason: 'x' }), /RangeError|actor\.name: is empty/);
  await assert.rejects(store.putDefinitions([], { name: 'x', reason: '' }), /actor\.reason: is empty/);
  await assert.rejects(store.getDefinition('flag', 'no\0where'), /key: contains a NUL/);
  await assert.rejects(store.getDefinition('flag', 'shared', 1.5), /version: 1\.5 is no version/);
  await assert.rejects(store.getDefinition('flag', 'shared', 2 ** 40), /is no version/);
  await assert.rejects(store.getDefinition('flag', 'shared', 99), /there is no flag shared at version 99/);
  await assert.rejects(store.listAudit({ limit: -1 }), /limit: -1 is no number of entries/);
  await assert.rejects(store.getExperiment('unknown'), NotFoundError);
});
