import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { forkModule } from './child-process.ts';
import { freePort } from './free-port.ts';
import { removePostgresData, startPostgres, type PostgresServer } from './postgres.ts';

let directory: string;
let dataDirectory: string;
const servers: PostgresServer[] = [];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'umpire-parts-'));
  dataDirectory = path.join(directory, 'closed', 'data');
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  await removePostgresData(dataDirectory);
  await removePostgresData(path.join(directory, 'second'));
  await rm(directory, { recursive: true, force: true });
});

async function start(port?: number): Promise<PostgresServer> {
  const server = await startPostgres({ dataDirectory, ...(port === undefined ? {} : { port }) });
  servers.push(server);
  return server;
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ answer: unknown }>(sql);
    return rows[0]?.answer;
  } finally {
    await client.end();
  }
}

test('keeps its data in a folder that only its owner may enter, over restarts', async () => {
  await mkdir(path.dirname(dataDirectory), { recursive: true });
  await chmod(path.dirname(dataDirectory), 0o700);
  await chmod(directory, 0o700);
  const first = await start();
  const other = await first.createDatabase('other');
  assert.equal(await ask(other, 'select current_database() as answer'), 'other');
  await ask(first.url, 'create table kept as select 42 as answer');
  process.kill(first.processId, 0);
  await first.stop();
  const second = await start();
  assert.equal(await ask(second.url, 'select answer from kept'), 42);
});

test('starts again on the data of a server that was killed', async () => {
  const first = await start();
  await ask(first.url, 'create table kept as select 42 as answer');
  process.kill(first.processId, 'SIGKILL');
  await first.ended;
  const second = await start();
  assert.equal(await ask(second.url, 'select answer from kept'), 42);
});

test('takes no lock for alive whose process id belongs to another program', async () => {
  const first = await start();
  const port = first.port;
  await first.stop();
  await writeFile(path.join(dataDirectory, 'postmaster.pid'), `${process.pid}\n`);
  const second = await start(port);
  assert.equal(await ask(second.url, 'select 1 as answer'), 1);
});

test('names what is in the way', async () => {
  const first = await start();
  const port = await freePort();
  await assert.rejects(start(port), /another PostgreSQL server is running on .*; end it, or use another folder/);
  await assert.rejects(
    startPostgres({ dataDirectory: path.join(directory, 'second'), port: first.port }),
    new RegExp(`port ${first.port} of 127.0.0.1 is in use`),
  );
  await first.stop();
  await writeFile(path.join(dataDirectory, 'PG_VERSION'), '9\n');
  await assert.rejects(start(), /holds data of PostgreSQL 9, and this is \d+; keep it by a dump/);
});

test('ends with the process that started it, even where that was killed', async () => {
  const child = forkModule(import.meta.url, './testing/postgres-owner', [dataDirectory], { stdio: 'inherit' });
  const [message]: unknown[] = await once(child, 'message');
  const processId = Number(message);
  process.kill(processId, 0);
  child.kill('SIGKILL');
  while (isAlive(processId)) await delay(20);
});

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
