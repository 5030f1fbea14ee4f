import assert from 'node:assert/strict';
import { rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { after, before } from 'node:test';
import pg from 'pg';
import { createClient, readLastKnownGood, type Client } from '@third-umpire/sdk';
import { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { startTestPlatform, type TestPlatform } from './testing/test-platform.ts';
import { DOCUMENTS, temporaryFolder, type Folder } from './testing/documents.ts';
import { eventually } from '../tests/support/processes.ts';

const USERS = Array.from({ length: 500 }, (_, i) => ({ user: `u${i}`, region: i % 3 === 0 ? 'KA' : 'DL' }));

let platform: TestPlatform;
let folder: Folder;
let database: pg.Client;
let sdks: Client[];
let rulesets: Ruleset[][];
let sdkFolder: string;
let problems: string[];

before(async () => {
  platform = await startTestPlatform();
  folder = await temporaryFolder();
  database = new pg.Client(platform.databaseUrl);
  await database.connect();
  await platform.umpire('definitions', 'put', await folder.write('d.yaml', DOCUMENTS), '--reason', 'first');
  await platform.umpire('experiment', 'start', 'pay_button', '--reason', 'go');
  sdkFolder = path.dirname(await folder.write('kept', ''));
  problems = [];
  rulesets = [[], [], []];
  sdks = rulesets.map((seen, i) =>
    createClient({
      address: platform.address,
      serviceName: `sdk-${i}`,
      heartbeatIntervalMs: 100,
      maxBackoffMs: 100,
      ...(i === 0 ? { dataDirectory: path.join(sdkFolder, 'sdk') } : {}),
      onRuleset: (ruleset) => seen.push(ruleset),
      onProblem: ({ kind }) => problems.push(kind),
    }),
  );
  await Promise.all(sdks.map((sdk) => sdk.ready()));
});
after(async () => {
  await Promise.all(sdks.map((sdk) => sdk.close()));
  await database.end();
  await platform.stop();
  await folder.remove();
});

/** What every SDK decides for every user. */
const decisions = (): string =>
  JSON.stringify(
    sdks.map((sdk) => USERS.map((user) => ['pay_button', 'pay_page'].map((flag) => sdk.evaluate(flag, user).variant))),
  );

async function untilAllHold(version: number): Promise<void> {
  await eventually(async () => assert.ok(rulesets.every((seen) => seen.at(-1)?.version === version)));
}

const bytes = (ruleset: Ruleset | undefined): string =>
  Buffer.from(Ruleset.encode(ruleset ?? Ruleset.fromPartial({})).finish()).toString('hex');

test('the schema is dropped under connected SDKs and restored: they go on deciding the same, with the same ruleset', async () => {
  const file = path.join(sdkFolder, 'one.backup');
  const backup = await platform.umpire('backup', file, '--json');
  assert.equal(backup.exitCode, 0, backup.err);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const { version } = await platform.controlStore.currentRuleset();
  await untilAllHold(version);
  const [before, ruleset] = [decisions(), rulesets[1]?.at(-1)];
  assert.match(before, /"on"/);

  await database.query('drop schema umpire_control cascade');
  assert.equal(decisions(), before, 'the last-known-good goes on while there is no store');
  const restored = await platform.umpire('restore', file, '--reason', 'dropped by mistake', '--json');
  assert.equal(restored.exitCode, 0, restored.err);
  const report = JSON.parse(restored.out);
  assert.deepEqual([report.backupVersion, report.version, report.replacedSchema], [version, version, null]);
  assert.deepEqual(report.since.newest.source, `the server ${platform.address}`);

  assert.equal(decisions(), before);
  assert.equal(bytes(await platform.controlStore.currentRuleset()), bytes(ruleset));
  // A new SDK gets the same document; those that are connected take the next change.
  const fresh: Ruleset[] = [];
  const sdk = createClient({ address: platform.address, serviceName: 'new', onRuleset: (each) => fresh.push(each) });
  await sdk.ready();
  assert.equal(bytes(fresh[0]), bytes(ruleset));
  await sdk.close();
  await platform.umpire('kill', 'flag', 'pay_button', '--reason', 'a test');
  await untilAllHold(version + 1);
  assert.ok(sdks.every((each) => each.evaluate('pay_button', { user: 'u0', region: 'KA' }).variant === 'control'));
  assert.ok(!problems.includes('ruleset-refused') && !problems.includes('stale'), problems.join());
});

test('a kill of after the backup is kept where a server or an SDK knows of it, and nobody is left behind', async () => {
  const killed = JSON.parse((await platform.umpire('flag', 'get', 'pay_button', '--json')).out);
  await platform.umpire('revoke', String(killed.kills[0].killId), '--reason', 'over');
  const file = path.join(sdkFolder, 'two.backup');
  await platform.umpire('backup', file);
  await platform.umpire('kill', 'flag', 'pay_page', '--reason', 'deposits fail');
  const { version } = await platform.controlStore.currentRuleset();
  await untilAllHold(version);
  await eventually(async () => assert.ok((await stat(path.join(sdkFolder, 'sdk', 'ruleset.bin'))).size > 0));
  await database.query('drop schema umpire_control cascade');
  const { out, exitCode, err } = await platform.umpire('restore', file, '--reason', 'a drill');
  assert.equal(exitCode, 0, err);
  assert.match(
    out,
    /KEPT: the kill \S+ of flag pay_page by .* \(deposits fail\), made after the backup, stays in force/,
  );
  assert.match(out, new RegExp(`Rulesets ${version} to ${version} were published after the backup and are lost`));
  await untilAllHold(version + 1);
  assert.ok(sdks.every((sdk) => sdk.evaluate('pay_page', { user: 'u1' }).variant === 'control'));

  // The same, with the server silent: the SDK's own file tells, once it is written.
  const saved = async (): Promise<number | undefined> =>
    (await readLastKnownGood(path.join(sdkFolder, 'sdk')))?.ruleset.version;
  await eventually(async () => assert.equal(await saved(), version + 1));
  await database.query('drop schema umpire_control cascade');
  const kept = ['--last-known-good', path.join(sdkFolder, 'sdk')];
  const again = await platform.umpire('restore', file, '--offline', ...kept, '--reason', 'a drill');
  assert.match(again.out, /KEPT: the kill/, again.err);
  await untilAllHold(version + 2);
});

test('what cannot be restored is told in a sentence', async () => {
  const file = path.join(sdkFolder, 'two.backup');
  const refused = async (pattern: RegExp, ...args: string[]): Promise<void> => {
    const { exitCode, err } = await platform.umpire('restore', ...args);
    assert.notEqual(exitCode, 0);
    assert.match(err, pattern);
    assert.doesNotMatch(err, /nobody foresaw/);
  };
  await refused(/say why with --reason/, file);
  await refused(/not empty: .*--replace/, file, '--reason', 'x');
  await refused(/no such file/, path.join(sdkFolder, 'none'), '--reason', 'x');
  await writeFile(path.join(sdkFolder, 'torn'), 'UMPIREBK');
  await refused(/ends in the middle/, path.join(sdkFolder, 'torn'), '--reason', 'x');
  await refused(/cannot be used/, file, '--reason', 'x', '--database', 'postgresql://x:y@127.0.0.1:1/z');
  const { out } = await platform.umpire('restore', file, '--check');
  assert.match(out, /two\.backup is whole: made .* ruleset \d+, sha256 [0-9a-f]{64}/);
  const replaced = await platform.umpire('restore', file, '--replace', '--reason', 'x');
  assert.match(replaced.out, /kept as the schema umpire_control_replaced_\d+_\d+_\d+/, replaced.err);
  const stopped = await platform.umpire('backup', file);
  assert.match(stopped.err, /exists already/);
  await rm(file);
});
