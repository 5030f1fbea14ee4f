import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort } from '../parts/free-port.ts';
import { forkModule } from '../parts/child-process.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { temporaryFolder } from './testing/documents.ts';
import { runUmpire } from './testing/test-platform.ts';

const NSW = repositoryFile('examples/data/nsw_mixtape.csv');
const run = promisify(execFile);

describe('umpire', () => {
  it('shows help with examples on every command', async () => {
    const pages: string[][] = [[]];
    for (let page = pages.shift(); page !== undefined; page = pages.shift()) {
      const { out, exitCode } = await runUmpire([...page, '--help']);
      assert.equal(exitCode, 0);
      assert.match(out, /Examples?:\n {2}.*umpire/, `umpire ${page.join(' ')} --help has no example`);
      const commands = /\nCommands:\n([^]*?)\n\n/.exec(out)?.[1] ?? '';
      for (const [, name = ''] of commands.matchAll(/^ {2}([\w-]+)/gm))
        if (name !== 'help') pages.push([...page, name]);
    }
  });

  it('says how to start a platform that does not answer', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const { exitCode, err, out } = await runUmpire(['experiment', 'list', '--server', address, '--json']);
    assert.equal(exitCode, 1);
    assert.match(err, new RegExp(`does not answer on ${address}[^]*umpire up`));
    assert.equal((JSON.parse(out) as { error: { code: string } }).error.code, 'UNAVAILABLE');
  });

  it('names the setting that a process of the platform lacks', async () => {
    for (const command of ['serve', 'work']) {
      const { exitCode, err } = await runUmpire([command]);
      assert.match(err, /DATABASE_URL is not set; give a PostgreSQL connection string, or run `umpire up`/);
      assert.equal(exitCode, 1);
    }
    const { exitCode, err } = await runUmpire(['up', '--port', 'http']);
    assert.match(err, /--port must be a port/);
    assert.equal(exitCode, 2);
  });

  it('runs as a program of its own', async () => {
    const child = forkModule(import.meta.url, './main', ['experimnt'], { silent: true });
    assert.ok(child.stderr !== null);
    const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number]>]);
    assert.equal(code, 2);
    assert.match(err, /Did you mean experiment/);
    const { stdout } = await run(process.execPath, ['--check', repositoryFile('cli/umpire.mjs')]);
    assert.equal(stdout, '');
  });
});

describe('umpire analyze', () => {
  const NSW_COLUMNS = ['--outcome', 're78', '--treatment', 'treat'];

  it('compares the arms of a file', async () => {
    const ran = await runUmpire(['analyze', NSW, ...NSW_COLUMNS, '--covariate', 're75', '--json']);
    assert.equal(ran.exitCode, 0, ran.err);
    const { difference } = JSON.parse(ran.out) as { difference: { estimate: number } };
    assert.ok(Math.abs(difference.estimate - 1794.3423818) < 1e-6);
    assert.match((await runUmpire(['analyze', NSW, ...NSW_COLUMNS])).out, /treatment raised re78/);
  });

  const refusals: readonly (readonly [string, readonly string[], 1 | 2, RegExp])[] = [
    ['a file that is not there', ['no.csv', ...NSW_COLUMNS], 1, /no\.csv cannot be read: there is no such file/],
    [
      'a column that is not there',
      [NSW, '--outcome', 're77', '--treatment', 'treat'],
      1,
      /has no column "re77" \(did you mean "re7\d"\?\)/,
    ],
    ['arms that are not two', [NSW, '--outcome', 're78', '--treatment', 'age'], 1, /"age"/],
    ['a missing option', [NSW, '--outcome', 're78'], 2, /required option '--treatment/],
    ['a level that is none', [NSW, ...NSW_COLUMNS, '--alpha', '5'], 2, /--alpha must lie between 0 and 1, got "5"/],
  ];
  for (const [name, args, exitCode, message] of refusals) {
    it(`refuses ${name}`, async () => {
      const ran = await runUmpire(['analyze', ...args]);
      assert.match(ran.err, message);
      assert.equal(ran.exitCode, exitCode);
    });
  }
});

describe('umpire doctor', () => {
  it('finds every part, and what stands in the way', async () => {
    const inTheWay = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(inTheWay, 'listening');
    const address = inTheWay.address();
    assert.ok(typeof address === 'object' && address !== null);
    const { out, exitCode } = await runUmpire(['doctor', '--json', '--server', `127.0.0.1:${address.port}`]);
    inTheWay.close();
    const { findings } = JSON.parse(out) as { findings: { part: string; status: string; remedy?: string }[] };
    const of = (part: string) => findings.find((finding) => finding.part.startsWith(part));
    for (const part of ['Node', 'npm packages', 'PostgreSQL', 'DuckDB']) assert.equal(of(part)?.status, 'ok', part);
    assert.equal(of('the platform')?.status, 'problem');
    assert.match(of('the platform')?.remedy ?? '', /--server/);
    assert.equal(exitCode, 1);
  });
});

describe('umpire definitions', () => {
  it('prints the JSON schema of documents, without a platform', async () => {
    const { out, exitCode } = await runUmpire(['definitions', 'schema']);
    assert.equal(exitCode, 0);
    assert.equal(out.trimEnd(), (await readFile(repositoryFile('definitions/umpire.schema.json'), 'utf8')).trimEnd());
  });

  it('reads standard input', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const args = ['definitions', 'put', '-', '--reason', 'test', '--server', address];
    const { err, exitCode } = await runUmpire(args, undefined, { input: 'kind: flagg' });
    assert.match(err, /standard input.*"flagg" is not a kind \(did you mean "flag"\?\)/);
    assert.equal(exitCode, 1);
  });

  it('names a folder given in place of files', async () => {
    const folder = await temporaryFolder();
    try {
      const file = await folder.write('empty.yaml', '');
      const empty = await runUmpire(['definitions', 'put', file, '--reason', 'test']);
      assert.match(empty.err, /empty\.yaml: holds no definition/);
      const directory = await runUmpire(['definitions', 'put', repositoryFile('cli'), '--reason', 'test']);
      assert.match(directory.err, /it is a folder/);
    } finally {
      await folder.remove();
    }
  });
});
