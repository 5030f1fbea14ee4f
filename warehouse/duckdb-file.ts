import { realpathSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** The file is open elsewhere; it can have one owner only. */
export class WarehouseInUseError extends Error {
  constructor(file: string, owner: string, options?: ErrorOptions) {
    super(
      `warehouse file ${file} is already open ${owner}; one process owns it (umpire work). ` +
        'Use that one, stop it first, or open another file',
      options,
    );
    this.name = 'WarehouseInUseError';
  }
}

const openFiles = new Set<string>();

export interface DuckDbFile {
  readonly instance: DuckDBInstance;
  /** Lets another owner open it. */
  release(): void;
}

/**
 * Opens a database file as its only owner. DuckDB's own lock keeps other processes out but not a second instance in this one, and
 * two instances on one file lose writes without an error.
 *
 * @param file `:memory:` for a database without a file
 * @throws WarehouseInUseError
 */
export async function openDuckDbFile(file: string): Promise<DuckDbFile> {
  if (file === ':memory:') {
    const instance = await DuckDBInstance.create(file);
    return { instance, release: () => instance.closeSync() };
  }
  const identity = identityOf(file);
  if (openFiles.has(identity)) throw new WarehouseInUseError(file, 'in this process');
  openFiles.add(identity);
  try {
    const instance = await DuckDBInstance.create(identity);
    return {
      instance,
      release: () => {
        instance.closeSync();
        openFiles.delete(identity);
      },
    };
  } catch (error) {
    openFiles.delete(identity);
    if (!(error instanceof Error) || !error.message.includes('Could not set lock on file')) throw error;
    const process = /\(PID (\d+)\)/.exec(error.message)?.[1];
    throw new WarehouseInUseError(file, process === undefined ? 'in another process' : `in process ${process}`, {
      cause: error,
    });
  }
}

/** The file may not exist yet, its folder must. */
function identityOf(file: string): string {
  const absolute = path.resolve(file);
  try {
    return realpathSync(absolute);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    return path.join(realpathSync(path.dirname(absolute)), path.basename(absolute));
  }
}
