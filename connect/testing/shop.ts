import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { checkSource, scoreExisting, type ConnectReport, type ExistingScorecard } from '../connect.ts';

/** What the tests change of a document that is right. */
export interface Changes {
  readonly assignments?: object;
  readonly facts?: object;
  readonly metric?: object;
  readonly experiment?: object;
  readonly source?: object;
}

/** A DuckDB file of a test, gone with it. */
export class Shop {
  readonly file: string;
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.file = path.join(folder, 'shop.duckdb');
  }

  static async open(sql: string): Promise<Shop> {
    const shop = new Shop(await mkdtemp(path.join(tmpdir(), 'connect-')));
    await shop.run(sql);
    return shop;
  }

  /** Changes the file, as its owner would. */
  async run(sql: string): Promise<void> {
    const instance = await DuckDBInstance.create(this.file);
    const connection = await instance.connect();
    await connection.run(sql);
    connection.closeSync();
    instance.closeSync();
  }

  async check(changes: Changes = {}, asOf = '2026-04-01T00:00:00Z'): Promise<ConnectReport> {
    return await checkSource(this.#request(changes, asOf));
  }

  async score(changes: Changes = {}, asOf = '2026-04-01T00:00:00Z'): Promise<ExistingScorecard> {
    return await scoreExisting(this.#request(changes, asOf), 'checkout');
  }

  /** What was found, as `severity: message`. */
  async findings(changes: Changes = {}, asOf?: string): Promise<string[]> {
    const { findings } = await this.check(changes, asOf);
    return findings.map(({ severity, message }) => `${severity}: ${message}`);
  }

  #request(changes: Changes, asOf: string) {
    return {
      text: JSON.stringify(document(changes)),
      fileName: 'shop.yaml',
      baseDirectory: this.folder,
      nowMs: Date.parse(asOf),
      signal: new AbortController().signal,
    };
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** The document of a small shop. */
export function document({ assignments, facts, metric, experiment, source }: Changes): object {
  return {
    kind: 'warehouse_source',
    key: 'shop',
    owner: 'growth',
    connection: { engine: 'duckdb', file: 'shop.duckdb' },
    assignments: [
      {
        key: 'exposures',
        sql: 'SELECT * FROM exposures',
        columns: { unit: 'user_id', experiment: 'experiment' },
        ...assignments,
      },
    ],
    facts: [{ key: 'orders', sql: 'SELECT * FROM orders', columns: { unit: 'user_id' }, ...facts }],
    metrics: [{ key: 'ordered', type: 'proportion', window: '1d', goodDirection: 'increase', ...metric }],
    experiments: [
      {
        key: 'checkout',
        variants: [{ key: 'control' }, { key: 'new' }],
        metrics: { primary: 'ordered' },
        from: '2026-03-01T00:00:00Z',
        ...experiment,
      },
    ],
    ...source,
  };
}

/** 400 units, half of them in each variant, exposed every hour; every third of them orders for 10 an hour later. */
export const SMALL_SHOP = `
CREATE TABLE exposures AS
SELECT
  CAST(i AS INTEGER) AS user_id,
  'checkout' AS experiment,
  CASE WHEN i % 2 = 0 THEN 'control' ELSE 'new' END AS variant,
  TIMESTAMP '2026-03-01 00:00:00' + to_hours(i) AS exposed_at,
  CASE WHEN i % 4 < 2 THEN 'android' ELSE 'ios' END AS os
FROM range(400) AS ids(i);
CREATE TABLE orders AS
SELECT user_id, exposed_at + INTERVAL 1 HOUR AS occurred_at, CAST(10 AS DOUBLE) AS amount, user_id % 2 = 1 AS is_large, user_id AS order_id
FROM exposures WHERE user_id % 3 = 0`;
