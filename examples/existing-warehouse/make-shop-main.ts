import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { repositoryFile } from '../../parts/repository-root.ts';

/** Writes the Parquet files of this folder anew from shop.sql, into the folder that is named, or this one. */
const folder = process.argv[2] ?? repositoryFile('examples/existing-warehouse');
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
await connection.run(readFileSync(repositoryFile('examples/existing-warehouse/shop.sql'), 'utf8'));
for (const table of ['exposures', 'orders']) {
  await connection.run(`COPY ${table} TO '${folder.replaceAll("'", "''")}/${table}.parquet' (COMPRESSION zstd)`);
}
connection.closeSync();
instance.closeSync();
