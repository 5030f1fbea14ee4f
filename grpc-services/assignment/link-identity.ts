import {
  LinkOutcome,
  type LinkIdentityRequest,
  type LinkIdentityResponse,
} from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { uuidv7 } from 'uuidv7';
import type { LinkOutcome as StoredOutcome } from '../../control-store/port.ts';
import { IDENTITY_LINKED } from '../../event-bus/schemas/identity.ts';
import { required } from '../fields.ts';
import type { AssignmentParts } from './service.ts';

const OUTCOMES: Readonly<Record<StoredOutcome, LinkOutcome>> = {
  linked: LinkOutcome.LINK_OUTCOME_LINKED,
  'already-linked': LinkOutcome.LINK_OUTCOME_ALREADY_LINKED,
  'user-linked-elsewhere': LinkOutcome.LINK_OUTCOME_USER_LINKED_ELSEWHERE,
  'device-taken': LinkOutcome.LINK_OUTCOME_DEVICE_TAKEN,
  'user-already-exposed': LinkOutcome.LINK_OUTCOME_USER_ALREADY_EXPOSED,
};

/** Writes the link, tells the warehouse, and answers by what the user is hashed. */
export function createLinkIdentity({
  controlStore,
  eventBus,
  evaluator,
  clock,
}: AssignmentParts): (request: LinkIdentityRequest) => Promise<LinkIdentityResponse> {
  return async ({ userId, deviceId }) => {
    required('user_id', userId);
    required('device_id', deviceId);
    const { outcome, hashedDeviceId } = await controlStore.linkIdentity(userId, deviceId);
    // Also when it was linked before: the event may have been lost between the two writes, and a second one changes nothing.
    if (hashedDeviceId === deviceId) {
      await eventBus.publish([
        {
          eventId: uuidv7(),
          eventType: IDENTITY_LINKED,
          schemaVersion: 1,
          userId,
          anonymousId: deviceId,
          timestampMs: clock(),
          serviceName: 'umpire',
          experimentKey: null,
          epoch: null,
          variant: null,
          decisionId: null,
          properties: { user_id: userId, device_id: deviceId },
        },
      ]);
    }
    evaluator.links.set(userId, hashedDeviceId);
    return { outcome: OUTCOMES[outcome], hashedDeviceId: hashedDeviceId ?? '' };
  };
}
