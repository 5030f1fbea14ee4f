import { readConfiguration } from './configuration.ts';
import { createLogger, liveUntilSignalled } from './process-life.ts';
import { startWork } from './work.ts';

const configuration = readConfiguration();
const logger = createLogger('work', configuration);
await liveUntilSignalled(logger, () => startWork(configuration, logger));
