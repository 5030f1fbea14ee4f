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
import { InvalidRequestError, statusOf } from '../failures.ts';
import { unary } from '../handler.ts';

export interface EventParts {
  readonly eventBus: EventBus;
  /** Notes users who were exposed by their own id, which forbids a later link. */
  readonly markUsersExposed: (userIds: readonly string[]) => Promise<void>;
  readonly logger: Logger;
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
  await markUsersExposed(events.flatMap(exposedUser));
  return results.map(acknowledgement);
}

function exposedUser({ eventType, userId, properties }: Event): string[] {
  const isOwn = eventType === EXPOSURE && properties?.['unit_type'] === 'user' && properties['unit_id'] === userId;
  return isOwn && userId !== '' ? [userId] : [];
}

function acknowledgement(result: PublishResult): Acknowledgement {
  return result.status === 'accepted'
    ? { eventId: result.eventId, status: AcknowledgementStatus.ACKNOWLEDGEMENT_STATUS_ACCEPTED, reason: '' }
    : {
        eventId: result.eventId,
        status: AcknowledgementStatus.ACKNOWLEDGEMENT_STATUS_DEAD_LETTERED,
        reason: result.reason,
      };
}

/** One batch at a time, answered in order: the next is read when the one before is durable. */
function publishStream(parts: EventParts): handleBidiStreamingCall<PublishStreamRequest, PublishStreamResponse> {
  return (call) => {
    const take = async ({ sequence, events }: PublishStreamRequest): Promise<void> => {
      call.write({ sequence, acknowledgements: await publish(parts, events) });
    };
    let last = Promise.resolve();
    call.on('data', (request: PublishStreamRequest) => {
      call.pause();
      last = take(request).then(
        () => void call.resume(),
        (error: unknown) =>
          void call.destroy(Object.assign(new Error('stream refused'), statusOf(error, parts.logger))),
      );
    });
    call.on('end', () => void last.then(() => call.end()));
    call.on('error', (error) => parts.logger.debug({ err: error }, 'an event stream broke'));
  };
}
