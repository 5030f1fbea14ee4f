import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { BigQuery } from '@google-cloud/bigquery';
import { OAuth2Client } from 'google-auth-library';
import { ensureBigQueryEmulator, startBigQueryEmulator } from '../parts/bigquery-emulator.ts';
import { openReadOnlyBigQuery } from '../warehouse/read-only/bigquery.ts';
import { RefusedSqlError, UnreachableWarehouseError } from '../warehouse/read-only/port.ts';
import { checkSource, scoreExisting, type ConnectRequest } from './connect.ts';
import { withForeignPast } from './past.ts';
import { document, Shop, SMALL_SHOP } from './testing/shop.ts';

/** The tables of `SMALL_SHOP`, as BigQuery makes them. */
const TABLES = [
  `CREATE TABLE shop.exposures AS
   SELECT i AS user_id, 'checkout' AS experiment, IF(MOD(i, 2) = 0, 'control', 'new') AS variant,
     TIMESTAMP_ADD(TIMESTAMP '2026-03-01 00:00:00+00', INTERVAL i HOUR) AS exposed_at, IF(MOD(i, 4) < 2, 'android', 'ios') AS os
   FROM UNNEST(GENERATE_ARRAY(0, 399)) AS i`,
  `CREATE TABLE shop.orders AS
   SELECT user_id, TIMESTAMP_ADD(exposed_at, INTERVAL 1 HOUR) AS occurred_at, 10.0 AS amount, MOD(user_id, 2) = 1 AS is_large, user_id AS order_id
   FROM shop.exposures WHERE MOD(user_id, 3) = 0`,
];

const CONNECTION = { engine: 'bigquery', project: 'acme-shop', dataset: 'shop' } as const;
const CHANGES = {
  assignments: { sql: 'SELECT * FROM exposures WHERE exposed_at BETWEEN @from_time AND @to_time', segments: ['os'] },
  facts: { sql: 'SELECT * FROM `acme-shop.shop.orders`;', columns: { unit: 'user_id', id: 'order_id' } },
  metric: { type: 'sum', value: 'amount', covariate: '7d' },
};

/** The emulator accepts what BigQuery refuses, so this shows the way through the real client; the analyzer judges the SQL. */
test('BigQuery: the same shop gives the same scorecard through the real client', async (t) => {
  const emulator = await ensureBigQueryEmulator();
  if (!emulator.isAvailable) {
    assert.notEqual(process.env['CI'], 'true', emulator.reason);
    t.skip(emulator.reason);
    return;
  }
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'bigquery-'));
  const server = await startBigQueryEmulator({ installation: emulator.directory, dataDirectory });
  const shop = await Shop.open(SMALL_SHOP);
  t.after(async () => {
    await server.stop();
    await shop.close();
    await rm(dataDirectory, { recursive: true, force: true });
  });
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: 'any', expiry_date: Date.now() + 3_600_000 });
  const client = new BigQuery({ projectId: 'acme-shop', apiEndpoint: server.apiEndpoint, authClient });
  await client.createDataset('shop');
  for (const query of TABLES) await client.query({ query });

  const asOf = '2026-03-18T00:00:00Z';
  const request = (changes: object): ConnectRequest => ({
    text: JSON.stringify(document({ ...CHANGES, source: { connection: CONNECTION }, ...changes })),
    fileName: 'shop.yaml',
    baseDirectory: '/',
    nowMs: Date.parse(asOf),
    signal: new AbortController().signal,
    bigQueryApiEndpoint: server.apiEndpoint,
  });
  const { scorecard, report } = await scoreExisting(request({}), 'checkout');
  const embedded = await shop.score(
    { ...CHANGES, assignments: { segments: ['os'] }, facts: { columns: CHANGES.facts.columns } },
    asOf,
  );
  assert.deepEqual(report.findings, []);
  assert.equal(scorecard?.readouts.length, 1);
  assert.deepEqual(scorecard, embedded.scorecard);

  // The units of the past, with their digests, by which an A/A splits them.
  const time = { fromMs: Date.UTC(2026, 2, 1), untilMs: Date.parse(asOf) };
  const unitsOf = (asked: ConnectRequest) =>
    withForeignPast(asked, { metricKeys: [], beganWith: null }, async (past) => ({
      span: await past.span(),
      columns: (await past.units(time)).columns,
      arrivals: await past.arrivals(time),
    }));
  const own = { ...CHANGES, assignments: {}, facts: { columns: CHANGES.facts.columns } };
  const ofShop = { ...request({}), text: JSON.stringify(document(own)), baseDirectory: shop.folder };
  const pastUnits = await unitsOf(request({}));
  assert.equal(pastUnits.columns['unit_key']?.length, 400);
  assert.deepEqual(pastUnits, await unitsOf(ofShop));

  const refused = await checkSource(
    request({
      assignments: { sql: 'SELECT 1; DROP TABLE shop.orders' },
      facts: { sql: 'DELETE FROM shop.orders WHERE TRUE' },
    }),
  );
  assert.deepEqual(
    refused.findings.map(({ message }) => message.split(';')[0]),
    ['is not a SELECT but SCRIPT', 'is not a SELECT but DELETE'],
  );
  const missing = await checkSource(request({ facts: { sql: 'SELECT nothing FROM shop.orders' } }));
  assert.match(missing.findings[0]?.message ?? '', /^is refused by BigQuery: .*nothing/);
});

test('BigQuery: what goes wrong there ends in a sentence with its remedy', async () => {
  const failing = (reason: string, message: string) =>
    openReadOnlyBigQuery({
      ...CONNECTION,
      location: null,
      maximumBytesBilled: 1,
      client: {
        createQueryJob: () => Promise.reject(Object.assign(new Error(message), { errors: [{ reason, message }] })),
      },
    });
  const ask = (reason: string, message = 'no') => failing(reason, message).query({ sql: 'SELECT 1', parameters: {} });
  await assert.rejects(ask('accessDenied'), (error) => error instanceof UnreachableWarehouseError);
  await assert.rejects(ask('accessDenied'), /BigQuery Job User/);
  await assert.rejects(ask('bytesBilledLimitExceeded'), /raise connection\.maximumBytesBilled/);
  await assert.rejects(ask('notFound'), /Check connection\.project/);
  await assert.rejects(ask('invalidQuery'), (error) => error instanceof RefusedSqlError);
  await assert.rejects(ask('', 'Could not load the default credentials'), /gcloud auth application-default login/);
  await assert.rejects(ask('backendError', 'Error encountered'), /^Error: Error encountered/);
});
