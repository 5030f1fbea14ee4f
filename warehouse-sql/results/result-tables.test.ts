import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import prettier from 'prettier';
import { repositoryFile } from '../../parts/repository-root.ts';
import type { ResultTable } from './result-table.ts';
import { RESULT_TABLES } from './result-tables.ts';

const PAGE = repositoryFile('docs/result-tables.md');
const MARK = 'from warehouse-sql/results/result-tables.ts. -->\n';

/** `UMPIRE_UPDATE_DOCS=1` writes the page anew, for the review to see. */
test('the page says of every column what the warehouse says', async () => {
  const page = await readFile(PAGE, 'utf8');
  const end = page.indexOf(MARK) + MARK.length;
  assert.ok(end > MARK.length, `${PAGE} has lost the line after which the tables stand`);
  const options = await prettier.resolveConfig(PAGE);
  const written = `${page.slice(0, end)}\n${RESULT_TABLES.map(sectionOf).join('\n')}`;
  const wanted = await prettier.format(written, { ...options, parser: 'markdown' });
  if (process.env['UMPIRE_UPDATE_DOCS'] === '1') await writeFile(PAGE, wanted);
  assert.equal(await readFile(PAGE, 'utf8'), wanted, 'run UMPIRE_UPDATE_DOCS=1 npm test -- warehouse-sql/results');
});

test('keys are columns, and always have a value', () => {
  for (const { name, key, columns, partitionedBy, clusteredBy } of RESULT_TABLES) {
    for (const column of [...key, partitionedBy, ...clusteredBy]) {
      const found = columns.find((each) => each.name === column);
      assert.ok(found !== undefined, `${name} has no column ${column}`);
      if (key.includes(column)) assert.ok(found.isRequired, `${name}.${column} may be NULL`);
    }
  }
});

function sectionOf({ name, grain, key, columns }: ResultTable): string {
  const rows = columns.map(
    (column) => `| \`${column.name}\` | ${column.type} | ${column.isRequired ? 'no' : 'yes'} | ${column.description} |`,
  );
  return `## ${name}

${grain}. Key: ${key.map((column) => `\`${column}\``).join(', ')}.

| column | type | NULL | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}
