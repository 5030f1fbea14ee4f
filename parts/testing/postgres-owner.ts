import { startPostgres } from '../postgres.ts';

/** Starts a server on the folder that it is given, tells its process id, and waits to be killed. */
const [dataDirectory] = process.argv.slice(2);
if (dataDirectory === undefined) throw new Error('give a data directory');
const server = await startPostgres({ dataDirectory });
process.send?.(server.processId);
setInterval(() => undefined, 60_000);
