import type { ServerWritableStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  RulesetServiceService,
  type GetSnapshotRequest,
  type GetSnapshotResponse,
  type WatchRequest,
} from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import type { Logger } from 'pino';
import { InvalidRequestError } from '../failures.ts';
import { unarySync } from '../handler.ts';
import type { PublishedRulesets } from '../published-rulesets.ts';
import { refuse, whenDraining } from '../stream.ts';
import { UpdateEncoder, Watcher, type EncodedUpdate } from './watcher.ts';

export interface RulesetParts {
  readonly rulesets: Pick<PublishedRulesets, 'current' | 'listen'>;
  readonly logger: Logger;
  readonly clock: () => number;
  /** Aborted when the server drains: streams end, and their callers go to another server. */
  readonly draining: AbortSignal;
}

const DEFAULT_HEARTBEAT_MS = 5_000;

/** The generated service, except that what is watched is encoded once for all watchers. */
export const RULESET_SERVICE: ServiceDefinition = {
  ...RulesetServiceService,
  watch: { ...RulesetServiceService.watch, responseSerialize: (message: EncodedUpdate) => message },
};

export function createRulesetService(parts: RulesetParts): UntypedServiceImplementation {
  const { rulesets, logger } = parts;
  const encoder = new UpdateEncoder();
  return {
    getSnapshot: unarySync<GetSnapshotRequest, GetSnapshotResponse>(logger, () => ({
      ruleset: rulesets.current.ruleset,
    })),
    watch: (call: ServerWritableStream<WatchRequest, EncodedUpdate>) => {
      try {
        watch(call, encoder, parts);
      } catch (error) {
        refuse(call, error, logger);
      }
    },
  };
}

function watch(
  call: ServerWritableStream<WatchRequest, EncodedUpdate>,
  encoder: UpdateEncoder,
  { rulesets, clock, draining, logger }: RulesetParts,
): void {
  const { knownVersion, clientName } = call.request;
  const everyMs = heartbeatMs(call.request);
  const watcher = new Watcher({ write: (message) => call.write(message) }, encoder, knownVersion);
  const beat = (): void => watcher.heartbeat(rulesets.current, clock());
  if (knownVersion === rulesets.current.version) beat();
  else watcher.update(rulesets.current, null);
  const unlisten = rulesets.listen((compiled, delta) => watcher.update(compiled, delta));
  const timer = setInterval(beat, everyMs);
  call.on('drain', () => watcher.unblock(rulesets.current));
  const release = (): void => {
    unlisten();
    clearInterval(timer);
  };
  whenDraining(call, draining, () => {
    release();
    call.end();
  });
  call.on('cancelled', release);
  call.on('close', release);
  call.on('error', (error) => {
    release();
    logger.debug({ err: error, clientName }, 'a watcher was lost');
  });
}

function heartbeatMs({ heartbeatIntervalMs }: WatchRequest): number {
  if (heartbeatIntervalMs === 0) return DEFAULT_HEARTBEAT_MS;
  if (heartbeatIntervalMs >= 100 && heartbeatIntervalMs <= 60_000) return heartbeatIntervalMs;
  throw new InvalidRequestError('heartbeat_interval_ms', `must be 0 or 100 to 60,000, got ${heartbeatIntervalMs}`);
}
