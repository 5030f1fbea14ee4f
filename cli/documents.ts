import { readFile } from 'node:fs/promises';
import { parseDefinitions } from '../definitions/parse.ts';
import { CommandFailure } from './failures.ts';
import type { Shell } from './shell.ts';

/**
 * The documents of one or more files (`-` is standard input) as one text for the server. What can be seen without the platform is told
 * with the file's name.
 *
 * @throws CommandFailure for a file that cannot be read; InvalidDefinitionError
 */
export async function readDocuments(files: readonly string[], { surroundings }: Shell): Promise<string> {
  const texts = [];
  for (const file of files) {
    const text = file === '-' ? await surroundings.readInput() : await readText(file);
    parseDefinitions(text, file === '-' ? 'standard input' : file);
    texts.push(text);
  }
  return texts.join('\n---\n');
}

/** @throws CommandFailure for a file that cannot be read */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CommandFailure('NOT_FOUND', `${file} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file here; check its path';
  if (code === 'EISDIR') return 'it is a folder; name the files in it, such as folder/*.yaml';
  if (code === 'EACCES') return 'you may not read it; check its permissions';
  return error instanceof Error ? error.message : String(error);
}
