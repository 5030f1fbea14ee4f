import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { createClient, type Client } from '@third-umpire/sdk';
import { runUmpire } from '../cli/testing/test-platform.ts';
import type { ErasureReceipt } from '../control-store/erasure-port.ts';
import { openControlStore } from '../control-store/postgres/open.ts';
import { openEventLog } from '../event-bus/postgres/event-log.ts';
import { createRegistry } from '../event-bus/schemas/registry.ts';
import { parseEventTypes } from '../event-bus/schemas/document.ts';
import { parseDefinitions } from '../definitions/parse.ts';
import { openControl, type Control } from '../examples/fantasy-league/control.ts';
import { startPlatform, type Platform } from '../main/up.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import { eventually } from './support/processes.ts';

const USER = 'user-to-forget-4711';
const DEVICE = 'phone-to-forget-17';
const TYPES = repositoryFile('examples/fantasy-league/event-types.yaml');

const DEFINITIONS = `
kind: metric
key: joins
owner: contests
type: count
event: contest_joined
window: 1s
goodDirection: increase
---
kind: experiment
key: watched
hypothesis: It helps.
owner: contests
variants:
  - { key: control, value: false }
  - { key: treatment, value: true }
metrics: { primary: joins, guardrails: [{ metric: joins, margin: 99% }] }
ramp: { stages: [{ percent: 100, hold: 1d }] }
`;

interface Answered {
  readonly erasureId: string;
  readonly subjectHash: string;
  readonly dryRun: boolean;
  readonly receipt: ErasureReceipt;
}

function erasureOf({ out, err }: { readonly out: string; readonly err: string }): Answered {
  assert.notEqual(out, '', err);
  return JSON.parse(out) as Answered;
}

function rowsIn({ before: stores }: ErasureReceipt, place: string): number {
  return stores.flatMap(({ found }) => found).find((each) => each.place === place)?.rows ?? -1;
}

describe('umpire erase-user', { concurrency: false }, () => {
  let platform: Platform;
  let control: Control;
  let database: pg.Client;
  let sdk: Client;
  let dataDirectory: string;

  before(async () => {
    dataDirectory = await mkdtemp(path.join(tmpdir(), 'umpire-erasure-'));
    await chmod(dataDirectory, 0o755);
    platform = await startPlatform({ dataDirectory, eventTypesFile: TYPES, onProgress: () => undefined });
    control = openControl(platform.grpcAddress, Date.now);
    database = new pg.Client(platform.databaseUrl);
    // A server that ends tells its idle connections, and nobody has to hear it.
    database.on('error', () => undefined);
    await database.connect();
    const store = await openControlStore({ url: platform.databaseUrl });
    await store.putDefinitions(parseDefinitions(DEFINITIONS, 'test'), { name: 'test', reason: 'a test' });
    await control.start('watched');
    await eventually(async () => assert.equal((await store.getExperiment('watched')).stage, 1));
    await store.close();
    sdk = createClient({ address: platform.grpcAddress, serviceName: 'erasure', onProblem: () => undefined });
    await sdk.ready();
    await eventually(async () => assert.notEqual(sdk.evaluate('watched', { user: 'x' }).variant, null));
  });
  after(async () => {
    control.close();
    await platform.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  });

  const umpire = (...args: string[]) =>
    runUmpire(['--server', platform.grpcAddress, ...args, '--json'], platform.databaseUrl);

  /** Lives a little: an anonymous visit, a login, exposures and outcomes. */
  async function live(user: string, device: string): Promise<void> {
    sdk.publish({ type: 'contest_viewed', anonymousId: device, properties: { contest: 'tonight' } });
    await sdk.link(user, device);
    sdk.expose('watched', { user, device });
    for (let i = 0; i < 5; i += 1) {
      sdk.publish({
        type: 'contest_joined',
        userId: user,
        anonymousId: device,
        properties: { contest: 'tonight' },
      });
      sdk.publish({ type: 'contest_joined', userId: user, properties: { nonsense: user } });
    }
  }

  /** Every column of every table that holds the text somewhere. */
  async function placesOf(text: string): Promise<string[]> {
    const { rows } = await database.query<{ schema: string; name: string }>(
      `select table_schema as schema, table_name as name from information_schema.tables
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
    );
    const places: string[] = [];
    for (const { schema, name } of rows) {
      const found = await database.query(
        `select from "${schema}"."${name}" t where strpos(t::text, $1) > 0
         or encode(convert_to(t::text, 'UTF8'), 'hex') like '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%' limit 1`,
        [text],
      );
      if ((found.rowCount ?? 0) > 0) places.push(`${schema}.${name}`);
    }
    return places.toSorted();
  }

  async function lived(): Promise<void> {
    await Promise.all([live(USER, DEVICE), live('another-user', 'another-phone')]);
    await eventually(async () => {
      const places = await placesOf(USER);
      for (const place of [
        'event_log_dead_letters',
        'event_log_events',
        'umpire_control.user_hashes',
        'umpire_live_monitor.outcomes',
      ]) {
        assert.ok(
          places.some((each) => each.endsWith(place)),
          `${place} of ${places.join()}`,
        );
      }
      // The warehouse too: its owner counts.
      const { receipt } = erasureOf(await umpire('erase-user', USER, '--dry-run', '--reason', 'a test'));
      const raw = rowsIn(receipt, 'raw_events');
      assert.ok(raw >= 8, `${raw} rows in the warehouse`);
    });
  }

  test('it wants to be sure, and --dry-run changes nothing', { timeout: 120_000 }, async () => {
    await lived();
    const unsure = await umpire('erase-user', USER, '--reason', 'x');
    assert.equal(unsure.exitCode, 2);
    assert.match(unsure.err, /cannot be undone: look at it with --dry-run, then give --yes/);
    const before = await placesOf(USER);
    const counted = erasureOf(await umpire('erase-user', USER, '--dry-run', '--reason', 'x'));
    assert.equal(counted.dryRun, true);
    assert.ok(counted.receipt.rowsFound >= 15);
    assert.equal(counted.receipt.deviceCount, 1, 'the linked device is included');
    assert.deepEqual(await placesOf(USER), before);
  });

  test(
    'the worker is killed in the middle, and the user is forgotten all the same; others are not',
    { timeout: 240_000 },
    async () => {
      const others = await placesOf('another-user');
      const running = umpire('erase-user', USER, '--yes', '--reason', 'a right');
      const workId = (): number => platform.processes().find(({ name }) => name === 'work')?.processId ?? -1;
      for (const afterMs of [2_000, 5_000]) {
        await delay(afterMs);
        const killed = workId();
        process.kill(killed, 'SIGKILL');
        // Until its successor is there.
        while (workId() === killed) await delay(50);
      }
      const erased = await running;
      assert.equal(erased.exitCode, 0, erased.err);
      const { erasureId, receipt, subjectHash } = erasureOf(erased);
      assert.equal(receipt.rowsLeft, 0);
      assert.ok(receipt.rowsFound >= 15, String(receipt.rowsFound));
      assert.doesNotMatch(erased.out, new RegExp(`${USER}|${DEVICE}`));
      assert.match(subjectHash, /^[0-9a-f]{64}$/);
      assert.deepEqual(await placesOf(USER), []);
      assert.deepEqual(await placesOf(DEVICE), []);
      assert.deepEqual(await placesOf('another-user'), others);
      const again = erasureOf(await umpire('erase-user', '--receipt', erasureId));
      assert.deepEqual(again.receipt, receipt);
      const text = await runUmpire(['--server', platform.grpcAddress, 'erase-user', '--receipt', erasureId]);
      assert.match(text.out, /rows found, 0 left/);
    },
  );

  test('what is under way is dropped; who comes back is a new user', { timeout: 120_000 }, async () => {
    const log = await openEventLog({
      url: platform.databaseUrl,
      registry: createRegistry(parseEventTypes(await readFile(TYPES, 'utf8'), TYPES)),
    });
    // Past every check of the services, as from a process that does not know yet.
    const late = {
      eventId: crypto.randomUUID(),
      eventType: 'contest_joined',
      schemaVersion: 1,
      userId: USER,
      anonymousId: null,
      timestampMs: Date.now() - 600_000,
      serviceName: 'late',
      experimentKey: null,
      epoch: null,
      variant: null,
      decisionId: null,
      properties: { contest: 'tonight' },
    };
    assert.equal((await log.publish([late]))[0]?.status, 'accepted');
    sdk.publish({
      type: 'contest_viewed',
      userId: USER,
      timestampMs: Date.now() - 600_000,
      properties: { contest: 'late' },
    });
    await log.close();
    sdk.publish({ type: 'contest_viewed', userId: USER, properties: { contest: 'back' } });
    await eventually(async () => {
      const { receipt } = erasureOf(await umpire('erase-user', USER, '--dry-run', '--reason', 'x'));
      const rows = (place: string): number => rowsIn(receipt, place);
      // The late one is in the log, of the one who came back there is one more; the late one is nowhere else.
      assert.deepEqual([rows('event_log_events'), rows('raw_events'), rows('umpire_live_monitor.outcomes')], [2, 1, 0]);
    });
    const second = erasureOf(await umpire('erase-user', USER, '--yes', '--reason', 'again'));
    assert.equal(second.receipt.rowsLeft, 0);
    assert.deepEqual(await placesOf(USER), []);
  });

  test('the warehouse holds nothing of the user, the other is there', { timeout: 60_000 }, async () => {
    await sdk.close();
    await database.end();
    await platform.stop();
    const warehouse = await openDuckDb({ file: platform.warehouseFile });
    const tables = await warehouse.query<{ name: string }>({
      sql: 'SELECT table_name AS name FROM duckdb_tables()',
      parameters: {},
    });
    const places: string[] = [];
    for (const { name } of tables) {
      const [row] = await warehouse.query<{ user: number; other: number }>({
        sql: `SELECT COUNT(*) FILTER (WHERE t::VARCHAR LIKE '%to-forget%') AS user, COUNT(*) FILTER (WHERE t::VARCHAR LIKE '%another-user%') AS other FROM "${name}" t`,
        parameters: {},
      });
      if ((row?.user ?? 0) > 0) places.push(name);
      if (name === 'raw_events') assert.ok((row?.other ?? 0) >= 7);
    }
    assert.deepEqual(places, []);
    await warehouse.close();
    // What docs/operations.md says of the old bytes in the file: a copy of the database has none of them.
    const copy = path.join(dataDirectory, 'copy.duckdb');
    const old = await DuckDBInstance.create();
    const connection = await old.connect();
    await connection.run(`ATTACH '${platform.warehouseFile}' AS old (READ_ONLY)`);
    await connection.run(`ATTACH '${copy}' AS copy`);
    await connection.run('COPY FROM DATABASE old TO copy');
    connection.closeSync();
    old.closeSync();
    const bytes = await readFile(copy);
    assert.ok(bytes.includes('another-user') && !bytes.includes('to-forget'));
  });
});
