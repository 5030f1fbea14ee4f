import type { handleBidiStreamingCall } from '@grpc/grpc-js';
import {
  AcknowledgementStatus,
  type Acknowledgement,
  type Event,
  type EventServiceServer,
  type PublishStreamRequest,
  type PublishStreamResponse,
} from '@third-umpire/proto/umpire/events/v1/events';
import type { Logger } from 'pino';
import { EXPOSURE } from '../../event-bus/event.ts';
import type { EventBus, PublishResult } from '../../event-bus/port.ts';
import { publishFromWire } from '../../event-bus/wire.ts';
import { InvalidRequestError } from '../failures.ts';
import { unary } from '../handler.ts';
import { drainingError, refuse, whenDraining } from '../stream.ts';

export interface EventParts {
  readonly eventBus: EventBus;
  /** Notes users who were exposed by their own id, which forbids a later link. */
  readonly markUsersExposed: (userIds: readonly string[]) => Promise<void>;
  readonly logger: Logger;
  /** Aborted when the server drains. */
  readonly draining: AbortSignal;
}

const MAX_EVENTS = 5_000;

export function createEventService(parts: EventParts): EventServiceServer {
  return {
    publish: unary(parts.logger, async ({ events }) => ({ acknowledgements: await publish(parts, events) })),
    publishStream: publishStream(parts),
  };
}

async function publish(
  { eventBus, markUsersExposed }: EventParts,
  events: readonly Event[],
): Promise<Acknowledgement[]> {
  if (events.length > MAX_EVENTS) {
    throw new InvalidRequestError('events', `holds ${events.length}; at most ${MAX_EVENTS} are taken at once`);
  }
  const results = await publishFromWire(eventBus, events);
  // Only of accepted exposures: a dead letter is no exposure, and its ids may be such as no store keeps.
  const accepted = events.filter((_, index) => results[index]?.status === 'accepted');
  await markUsersExposed(accepted.flatMap(exposedUser));
  return results.map(acknowledgement);
}

function exposedUser({ eventType, userId, properties }: Event): string[] {
  const isOwn = eventType === EXPOSURE && properties?.['unit_type'] === 'user' && properties['unit_id'] === userId;
  return isOwn && userId !== '' ? [userId] : [];
}

function acknowledgement(result: PublishResult): Acknowledgement {
  // What came too late for its erased user is done with as well: sending it again would change nothing.
  return result.status === 'dead-lettered'
    ? {
        eventId: result.eventId,
        status: AcknowledgementStatus.ACKNOWLEDGEMENT_STATUS_DEAD_LETTERED,
        reason: result.reason,
      }
    : { eventId: result.eventId, status: AcknowledgementStatus.ACKNOWLEDGEMENT_STATUS_ACCEPTED, reason: '' };
}

/**
 * One batch at a time, answered in order: the next is read when the one before is durable. When the server drains, the batch under way is
 * still answered.
 */
function publishStream(parts: EventParts): handleBidiStreamingCall<PublishStreamRequest, PublishStreamResponse> {
  const { logger, draining } = parts;
  return (call) => {
    let last = Promise.resolve();
    let isRefused = false;
    const refuseWith = (error: unknown): void => {
      if (isRefused) return;
      isRefused = true;
      refuse(call, error, logger);
    };
    const take = async ({ sequence, events }: PublishStreamRequest): Promise<void> => {
      if (isRefused) return;
      const acknowledgements = await publish(parts, events);
      if (!isRefused) call.write({ sequence, acknowledgements });
    };
    call.on('data', (request: PublishStreamRequest) => {
      call.pause();
      last = last.then(() => take(request)).then(() => void call.resume(), refuseWith);
    });
    call.on('end', () => void last.then(() => call.end()));
    call.on('error', (error) => logger.debug({ err: error }, 'an event stream broke'));
    whenDraining(call, draining, () => void last.then(() => refuseWith(drainingError())));
  };
}
