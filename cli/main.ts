import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import { ConfigurationError, readConfiguration } from '../main/configuration.ts';
import { runCli } from './run-cli.ts';

const interruption = new AbortController();
let signals = 0;
const interrupt = (): void => {
  signals += 1;
  interruption.abort();
  // Whoever asks twice does not want to wait for the orderly end.
  if (signals > 1) process.exit(130);
};
process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
// `umpire … | head` closes the pipe early, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  process.exitCode = await runCli(process.argv.slice(2), {
    configuration: readConfiguration(),
    signal: interruption.signal,
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    clock: Date.now,
    readInput: () => text(createReadStream('', { fd: 0 })),
  });
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
