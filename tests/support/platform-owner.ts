import { startPlatform } from '../../main/up.ts';

/** Starts the platform on the folder that it is given, tells its processes, and waits to be killed. */
const [dataDirectory] = process.argv.slice(2);
if (dataDirectory === undefined) throw new Error('give a data directory');
const platform = await startPlatform({ dataDirectory, onProgress: () => undefined });
process.send?.(platform.processes());
setInterval(() => undefined, 60_000);
