import { readFileSync } from 'node:fs';
import { repositoryFile } from '../../parts/repository-root.ts';
import type { Meanings } from '../json-schema.ts';

const KINDS = ['experiment', 'metric', 'flag', 'segment', 'layer', 'holdout'] as const;

/** What the fields mean, from the tables of the two references: editors tell what the pages tell. */
export function meaningsOfDocs(): Meanings {
  const reference = readFileSync(repositoryFile('definitions/README.md'), 'utf8').split(/^## /m);
  const connect = readFileSync(repositoryFile('docs/connect.md'), 'utf8').split(/^## /m);
  const section = (parts: readonly string[], title: string): string => {
    const found = parts.find((part) => part.startsWith(`${title}\n`));
    if (found === undefined) throw new Error(`there is no section "${title}"`);
    return found;
  };
  return {
    ...Object.fromEntries(KINDS.map((kind) => [kind, tableOf(section(reference, kind))])),
    warehouse_source: tableOf(section(connect, 'The document')),
  };
}

/** The first table: a field or several in the first column, then what it means and its default. */
function tableOf(section: string): ReadonlyMap<string, string> {
  const lines = section.split('\n');
  const first = lines.findIndex((line) => /^\| field +\|/.test(line));
  const table = lines.slice(first);
  const end = table.findIndex((line) => !line.startsWith('|'));
  const rows = table.slice(2, end).flatMap((line) => {
    const [, fields = '', meaning = '', otherwise = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const text = [sentence(meaning), defaultText(otherwise)].filter((part) => part !== '').join(' ');
    return text === '' ? [] : pathsOf(fields).map((path) => [path, text] as const);
  });
  return new Map(rows);
}

/** `` `experiments[].from`, `to` ``: what follows the first stands where the first one does. */
function pathsOf(cell: string): readonly string[] {
  const [first = '', ...more] = [...cell.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
  const parent = first.slice(0, first.lastIndexOf('.') + 1);
  return [first, ...more.map((name) => `${parent}${name}`)];
}

function sentence(markdown: string): string {
  const text = plain(markdown);
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function defaultText(markdown: string): string {
  const text = plain(markdown);
  return text === '' || text === 'required' || text === 'none' ? '' : `Default: ${text}.`;
}

function plain(markdown: string): string {
  return markdown
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replace(/[`*]/g, '')
    .trim();
}
