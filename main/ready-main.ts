import { readConfiguration } from './configuration.ts';

// For the health check of a container: ends with 0 where the process beside it is ready, else with 1 and what is down.

const address = readConfiguration().UMPIRE_HTTP_ADDRESS ?? '127.0.0.1:7401';
// What listens for everybody is asked by the machine's own address.
const reachable = address.replace(/^(0\.0\.0\.0|\[::\]):/, '127.0.0.1:');
try {
  const response = await fetch(`http://${reachable}/readyz`, { signal: AbortSignal.timeout(4_000) });
  console.log(await response.text());
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  console.error(`http://${reachable}/readyz: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
