import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { credentials } from '@grpc/grpc-js';
import { AssignmentServiceClient } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import pino from 'pino';
import { call } from '../grpc-services/testing/call.ts';
import { readConfiguration } from '../main/configuration.ts';
import type { RunningProcess } from '../main/process-life.ts';
import { startServe } from '../main/serve.ts';
import { startWork } from '../main/work.ts';
import { freePort } from '../parts/free-port.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { startRestartablePostgres, type RestartablePostgres } from './support/postgres.ts';
import { eventually } from './support/processes.ts';

interface Found {
  readonly status: string;
  readonly parts: readonly { readonly name: string; readonly state: string; readonly detail: string }[];
}

const logger = pino({ level: 'silent' });

describe('health and metrics of the processes', { timeout: 120_000 }, () => {
  let postgres: RestartablePostgres;
  let directory: string;
  let serve: RunningProcess;
  let work: RunningProcess;

  before(async () => {
    postgres = await startRestartablePostgres();
    directory = await mkdtemp(path.join(tmpdir(), 'umpire-health-'));
    const configuration = readConfiguration({
      DATABASE_URL: postgres.url,
      // Nobody listens there: Temporal is down from beginning to end.
      TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`,
      UMPIRE_ADDRESS: '127.0.0.1:0',
      UMPIRE_HTTP_ADDRESS: '127.0.0.1:0',
      UMPIRE_WAREHOUSE_FILE: path.join(directory, 'warehouse.duckdb'),
    });
    serve = await startServe(configuration, logger);
    work = await startWork(configuration, logger);
  });
  after(async () => {
    await work.stop();
    await serve.stop();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test('decisions and the work on events do without Temporal, and say so', async () => {
    await eventually(async () => {
      const { status, found } = await ready(serve);
      assert.equal(status, 200);
      assert.equal(found.status, 'degraded');
      assert.deepEqual(statesOf(found), {
        PostgreSQL: 'up',
        ruleset: 'up',
        'newest ruleset': 'up',
        'event bus': 'up',
        Temporal: 'down',
      });
    });
    const { status, found } = await ready(work);
    assert.equal(status, 200);
    assert.deepEqual(statesOf(found), {
      PostgreSQL: 'up',
      'event bus': 'up',
      warehouse: 'up',
      'Temporal worker': 'down',
    });
  });

  test('without PostgreSQL the worker is unready and the services go on deciding, until it is back', async () => {
    await postgres.halt();
    await eventually(async () => {
      const { status, found } = await ready(work);
      assert.equal(status, 503);
      assert.equal(statesOf(found)['PostgreSQL'], 'down');
      assert.match(detailOf(found, 'PostgreSQL'), /; ingest and the live monitor stand still/);
    });
    await eventually(async () => {
      const { status, found } = await ready(serve);
      assert.equal(status, 200);
      assert.equal(statesOf(found)['PostgreSQL'], 'down');
      assert.equal(statesOf(found)['ruleset'], 'up');
    });
    assert.equal(await decide(serve), 'REASON_ERROR');
    assert.match(await metricsOf(serve), /^umpire_part_up\{part="PostgreSQL",process="serve"\} 0$/m);
    assert.equal((await get(work, '/healthz')).status, 200);
    assert.equal((await get(work, '/metrics')).status, 200);
    await postgres.start();
    await eventually(async () => assert.equal((await ready(work)).status, 200));
    await eventually(async () => assert.equal(statesOf((await ready(serve)).found)['PostgreSQL'], 'up'));
  });

  test('counters tell what was decided', async () => {
    const before = valueOf(await metricsOf(serve), 'umpire_decisions_total{reason="error",process="serve"}');
    await decide(serve);
    await decide(serve);
    const metrics = await metricsOf(serve);
    assert.equal(valueOf(metrics, 'umpire_decisions_total{reason="error",process="serve"}'), before + 2);
    assert.ok(valueOf(metrics, 'umpire_ruleset_version{process="serve"}') >= 1);
    assert.match(metrics, /^nodejs_eventloop_lag_p99_seconds\{process="serve"\} /m);
    assert.match(
      await metricsOf(work),
      /^umpire_consumer_lag_events\{group="warehouse-ingest",partition="0",process="work"\} 0$/m,
    );
  });

  test('whatever the dashboard and the alerts look at is told', async () => {
    const told = new Set(
      [await metricsOf(serve), await metricsOf(work)].flatMap((metrics) =>
        [...metrics.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name),
      ),
    );
    for (const file of ['observability/grafana/dashboards/third-umpire.json', 'observability/alerts.yml']) {
      const text = await readFile(repositoryFile(file), 'utf8');
      const asked = [...text.matchAll(/\b(?:umpire|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name);
      assert.ok(asked.length > 8, file);
      const missing = asked.filter((name) => !told.has(name) && !told.has(name.replace(/_(bucket|count|sum)$/, '')));
      assert.deepEqual(missing, [], file);
    }
  });

  test('what is not there is said, and nothing but reading is taken', async () => {
    assert.equal((await get(serve, '/nothing')).status, 404);
    assert.equal((await get(serve, '/healthz', 'POST')).status, 405);
    assert.equal((await get(serve, '/healthz', 'HEAD')).status, 200);
  });

  test('an address that is taken is named, and nothing of the process is left', async () => {
    const taken = {
      DATABASE_URL: postgres.url,
      UMPIRE_HTTP_ADDRESS: serve.offers['http'] ?? '',
      UMPIRE_ADDRESS: '127.0.0.1:0',
    };
    await assert.rejects(
      startServe(readConfiguration(taken), logger),
      /cannot listen on 127.0.0.1:\d+ \(UMPIRE_HTTP_ADDRESS\): .*EADDRINUSE/,
    );
  });
});

function get(running: RunningProcess, route: string, method = 'GET'): Promise<Response> {
  return fetch(`http://${running.offers['http'] ?? ''}${route}`, { method });
}

async function ready(running: RunningProcess): Promise<{ readonly status: number; readonly found: Found }> {
  const response = await get(running, '/readyz');
  return { status: response.status, found: (await response.json()) as Found };
}

async function metricsOf(running: RunningProcess): Promise<string> {
  const response = await get(running, '/metrics');
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  return await response.text();
}

function valueOf(metrics: string, series: string): number {
  const line = metrics.split('\n').find((each) => each.startsWith(`${series} `));
  assert.ok(line !== undefined, `no ${series} in\n${metrics}`);
  return Number(line.slice(series.length + 1));
}

function statesOf({ parts }: Found): Record<string, string> {
  return Object.fromEntries(parts.map(({ name, state }) => [name, state]));
}

function detailOf({ parts }: Found, part: string): string {
  return parts.find(({ name }) => name === part)?.detail ?? '';
}

async function decide(running: RunningProcess): Promise<string> {
  const client = new AssignmentServiceClient(running.offers['address'] ?? '', credentials.createInsecure());
  const { reason } = await call(client, client.evaluate, { flagKey: 'none', context: {} });
  client.close();
  return reason;
}
