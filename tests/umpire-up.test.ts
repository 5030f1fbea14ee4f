import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { DOCUMENTS, temporaryFolder, type Folder } from '../cli/testing/documents.ts';
import { runUmpire } from '../cli/testing/test-platform.ts';
import { forkModule } from '../parts/child-process.ts';
import { eventually } from './support/processes.ts';

const TIMEOUT_MS = 180_000;

let dataDirectory: string;
let folder: Folder;
before(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'umpire-up-'));
  // As root, PostgreSQL runs as another user, who has to reach its data.
  await chmod(dataDirectory, 0o755);
  folder = await temporaryFolder();
});
after(async () => {
  await folder.remove();
  await rm(dataDirectory, { recursive: true, force: true });
});

interface Addresses {
  readonly grpc: string;
  readonly database: string;
}

async function addressesOf(child: ChildProcess): Promise<Addresses> {
  assert.ok(child.stdout !== null);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  return JSON.parse(line) as Addresses;
}

test('a person runs an experiment with nothing but umpire', { timeout: TIMEOUT_MS }, async () => {
  const args = ['up', '--data', dataDirectory, '--port', '0', '--json'];
  const child = forkModule(import.meta.url, '../cli/main', args, { silent: true });
  assert.ok(child.stderr !== null);
  const told = text(child.stderr);
  const ended = once(child, 'exit');
  const { grpc, database } = await addressesOf(child);
  const umpire = async (...rest: string[]): Promise<string> => {
    const { exitCode, out, err } = await runUmpire(['--server', grpc, ...rest], database);
    assert.equal(exitCode, 0, err);
    return out;
  };
  const why = ['--reason', 'test'];
  try {
    await umpire('experiment', 'put', await folder.write('pay.yaml', DOCUMENTS), ...why);
    assert.match(await umpire('experiment', 'start', 'pay_button', ...why), /as workflow experiment\/pay_button/);
    await eventually(async () => {
      assert.match(await umpire('experiment', 'get', 'pay_button'), /running[^]*stage +1 of 1, 100 % enrolled/);
    });
    await eventually(async () => {
      const explained = await umpire('explain', 'pay_button', '--context', 'user=u1,region=KA');
      assert.match(explained, /REASON_SPLIT, experiment pay_button, epoch 1/);
    });
    assert.match(await umpire('experiment', 'pause', 'pay_button', ...why), /^pay_button: paused/);
    assert.match(await umpire('experiment', 'rollback', 'pay_button', ...why), /^pay_button: (rolled-back|archived)/);
    assert.match(await umpire('doctor'), /✓ the platform on .*: answers; 1 experiments/);
  } finally {
    child.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
  }
  assert.match(await told, /ending everything in order/);
  const gone = await runUmpire(['--server', grpc, 'experiment', 'list']);
  assert.match(gone.err, /does not answer/);
});
