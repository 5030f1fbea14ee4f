import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe } from 'node:test';
import { describeWarehouseContract } from './contract.ts';
import { openDuckDb } from './duckdb.ts';

describe('DuckDB', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'umpire-contract-'));
  after(() => rmSync(directory, { recursive: true, force: true }));

  describeWarehouseContract('DuckDB', (name) =>
    openDuckDb({ file: path.join(directory, `${name}.duckdb`), threads: 1 }),
  );
});
