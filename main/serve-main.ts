import { readConfiguration } from './configuration.ts';
import { createLogger, liveUntilSignalled } from './process-life.ts';
import { startServe } from './serve.ts';

const configuration = readConfiguration();
const logger = createLogger('serve', configuration);
await liveUntilSignalled(logger, () => startServe(configuration, logger));
