import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const NAME = 'third-umpire';

/**
 * Path of a file of this repository, such as `repositoryFile('definitions/examples')`: the same from source and from the build, and from
 * any working directory.
 */
export function repositoryFile(relativePath: string): string {
  return path.join(repositoryRoot(), relativePath);
}

function repositoryRoot(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  for (let directory = here; path.dirname(directory) !== directory; directory = path.dirname(directory)) {
    const manifest = path.join(directory, 'package.json');
    if (!existsSync(manifest)) continue;
    const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly name?: unknown };
    if (name === NAME) return directory;
  }
  throw new Error(`no package.json named ${NAME} lies above ${here}; run this from the repository`);
}
