import type { ControlServiceServer } from '@third-umpire/proto/umpire/control/v1/control';
import type { Logger } from 'pino';
import type { ControlStore } from '../../control-store/port.ts';
import { erasureMethods, type Erasing } from './erasures.ts';
import type { ExperimentWorkflows } from './experiment-workflows.ts';
import { definitionMethods } from './definitions.ts';
import { experimentMethods } from './experiments.ts';
import { killMethods } from './kills.ts';
import { readingMethods } from './reading.ts';

export interface ControlParts {
  readonly controlStore: ControlStore;
  readonly experimentWorkflows: ExperimentWorkflows;
  /** Default: users cannot be erased through this server. */
  readonly erasing?: Erasing;
  readonly logger: Logger;
}

export function createControlService(parts: ControlParts): ControlServiceServer {
  return {
    ...definitionMethods(parts),
    ...experimentMethods(parts),
    ...killMethods(parts),
    ...readingMethods(parts),
    ...erasureMethods(parts),
  };
}
