import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { openErasureStore } from '../postgres/erasure/open.ts';
import { actor, startTestStore } from '../testing/test-store.ts';
import { createBackup } from './create-backup.ts';
import { restoreBackup } from './restore-backup.ts';

test('who was erased after the backup stays erased when it is restored; who was not comes back', async () => {
  const bench = await startTestStore();
  const erasures = await openErasureStore({ url: bench.server.url });
  const folder = await mkdtemp(path.join(tmpdir(), 'umpire-keep-'));
  const file = path.join(folder, 'before.backup');
  try {
    await bench.store.linkIdentity('erased', 'phone');
    await bench.store.linkIdentity('other', 'other phone');
    await createBackup({ url: bench.server.url, file });
    const { erasureId } = await erasures.request({ userId: 'erased', deviceIds: ['tablet'], isDryRun: false, actor });
    const subject = await erasures.subject(erasureId);
    assert.ok(subject !== null);
    assert.deepEqual(subject.deviceIds.toSorted(), ['phone', 'tablet']);
    await erasures.erase(subject);
    const receipt = { before: [], after: [], rowsFound: 1, rowsLeft: 0, deviceCount: 2 };
    await erasures.finish(erasureId, receipt);
    assert.equal(await erasures.subject(erasureId), null);

    await restoreBackup({ url: bench.server.url, file, actor, mayReplace: true, known: [], clock: Date.now });
    assert.equal(await bench.store.linkedDevice('erased'), null);
    assert.equal(await bench.store.linkedDevice('other'), 'other phone');
    assert.deepEqual((await erasures.get(erasureId)).receipt, receipt);
    const fresh = await openErasureStore({ url: bench.server.url });
    const erased = await fresh.erased(0);
    assert.deepEqual(
      ['erased', 'phone', 'tablet', 'other'].map((id) => erased.untilMs(id) === subject.untilMs),
      [true, true, true, false],
    );
    await fresh.close();
  } finally {
    await erasures.close();
    await bench.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
