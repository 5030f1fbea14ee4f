import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { repositoryFile } from '../parts/repository-root.ts';
import { startGoogleSql, type GoogleSql } from '../tests/support/googlesql/googlesql.ts';
import { RAW_EVENTS } from '../warehouse/bigquery/tables.ts';
import { bigQuery, duckDb } from './dialect.ts';
import { STATEMENTS } from './testing/statements.ts';

const MODEL_FOLDERS = ['staging', 'intermediate', 'features', 'marts'];

let googleSql: GoogleSql;
before(async () => {
  googleSql = await startGoogleSql();
});
after(() => googleSql.stop());

for (const { name, builder, render } of STATEMENTS) {
  test(`${name} passes Google's analyzer`, async () => {
    const columns = await googleSql.analyze(render(bigQuery), [RAW_EVENTS]);
    assert.equal(columns.length > 0, builder.endsWith('Query'), 'a query has a result, and only a query');
    for (const column of columns) assert.match(column.typeKind, /^TYPE_(STRING|INT64|DOUBLE)$/, column.name);
  });

  test(`${name} is the SQL that was reviewed`, async () => {
    for (const dialect of [duckDb, bigQuery]) await assertSnapshot(`${name}.${dialect.name}.sql`, render(dialect).sql);
  });
}

test('the analyzer refuses what BigQuery would refuse', async () => {
  const analyze = (sql: string, parameters = {}) => googleSql.analyze({ sql, parameters }, [RAW_EVENTS]);
  await assert.rejects(analyze('SELECT event FROM raw_events'), /Unrecognized name: event/);
  await assert.rejects(analyze('SELECT event_id FROM events'), /Table not found: events/);
  await assert.rejects(analyze('SELECT CAST(event_id AS BIGINT) FROM raw_events'), /Type not found: BIGINT/i);
  await assert.rejects(analyze('SELECT event_id = @id FROM raw_events', { id: 1 }), /No matching signature/);
  await assert.rejects(analyze('SELECT event_id, COUNT(*) FROM raw_events'), /neither grouped nor aggregated/);
});

test('every query and every model occurs among the statements that are analysed', async () => {
  const rendered = STATEMENTS.map(({ render }) => render(bigQuery).sql).join('\n');
  const missing: string[] = [];
  for (const builder of await exportedQueries()) {
    if (!STATEMENTS.some((statement) => statement.builder === builder)) missing.push(builder);
  }
  for (const [file, model] of await modelNames()) if (!rendered.includes(model)) missing.push(file);
  assert.deepEqual(missing, [], 'add them to warehouse-sql/testing/statements.ts');
});

/** Functions that render a statement end in `Query` or `Statement`. */
async function exportedQueries(): Promise<string[]> {
  const files = (await readdir(repositoryFile('warehouse-sql'))).filter((file) => /(?<!\.test)\.ts$/.test(file));
  const sources = await Promise.all(files.map((file) => readFile(repositoryFile(`warehouse-sql/${file}`), 'utf8')));
  const names = sources.flatMap((text) => [
    ...text.matchAll(/export (?:function|const) (?!bigQuery\b)(\w+(?:Query|Statement))\b/g),
  ]);
  assert.ok(names.length > 0);
  return names.map(([, name]) => name ?? '');
}

/** Each file of a model names one; of models by number, what their names begin with. */
async function modelNames(): Promise<(readonly [file: string, model: string])[]> {
  const found: (readonly [string, string])[] = [];
  for (const folder of await readdir(repositoryFile('warehouse-sql'))) {
    if (!MODEL_FOLDERS.includes(folder)) continue;
    for (const file of await readdir(repositoryFile(`warehouse-sql/${folder}`))) {
      const text = await readFile(repositoryFile(`warehouse-sql/${folder}/${file}`), 'utf8');
      const [, whole, beginning] = /\bname: (?:'(\w+)'|`(\w+)\$)/.exec(text) ?? [];
      assert.ok(whole !== undefined || beginning !== undefined, `${folder}/${file} names no model`);
      found.push([`${folder}/${file}`, whole === undefined ? ` ${beginning ?? ''}` : `${whole} AS (`]);
    }
  }
  return found;
}

/** Compares with `warehouse-sql/snapshots/`; `UMPIRE_UPDATE_SNAPSHOTS=1` writes them anew, for the review to see. */
async function assertSnapshot(name: string, sql: string): Promise<void> {
  const file = repositoryFile(path.join('warehouse-sql/snapshots', name));
  if (process.env['UMPIRE_UPDATE_SNAPSHOTS'] === '1') await writeFile(file, `${sql}\n`);
  const kept = await readFile(file, 'utf8').catch(() => assert.fail(`there is no snapshot ${name}; ${HOW_TO_UPDATE}`));
  assert.equal(`${sql}\n`, kept, `${name} has changed; ${HOW_TO_UPDATE}`);
}

const HOW_TO_UPDATE = 'run this test with UMPIRE_UPDATE_SNAPSHOTS=1 and review the difference';
