import { CommandFailure } from './failures.ts';

/** Does work on PostgreSQL, and says in words that it cannot be reached or refuses. */
export async function withPostgres<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error;
    const { host, pathname } = new URL(url);
    const where = `PostgreSQL at ${host}${pathname}`;
    if (/^(ECONN|ENOTFOUND|ETIMEDOUT|EHOST|57P|08|28|3D)/.test(error.code)) {
      throw new CommandFailure('UNAVAILABLE', `${where} cannot be used: ${error.message}`, { cause: error });
    }
    if (error.code === '55P03') {
      const message = `${where}: someone holds the control store's tables for longer than this waits; nothing was changed. Try again, or end what holds them`;
      throw new CommandFailure('ABORTED', message, { cause: error });
    }
    if (['ENOENT', 'EACCES', 'ENOSPC', 'EISDIR', 'EPERM', 'ENOTDIR'].includes(error.code)) {
      throw new CommandFailure('INVALID_ARGUMENT', error.message, { cause: error });
    }
    throw error;
  }
}
