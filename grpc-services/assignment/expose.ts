import type { ExposeRequest, ExposeResponse } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { ExposureLog } from '@third-umpire/sdk/client/exposure-log';
import { uuidv7 } from 'uuidv7';
import { EXPOSURE, type Event, type JsonObject } from '../../event-bus/event.ts';
import { InvalidRequestError, UnavailableError } from '../failures.ts';
import { contextOf } from './context.ts';
import type { AssignmentParts } from './service.ts';

/** Decides and logs: the answer comes when the exposure is durable. Once a day for each unit and variant, as in the SDK. */
export function createExpose({
  evaluator,
  eventBus,
  controlStore,
  clock,
}: AssignmentParts): (request: ExposeRequest) => Promise<ExposeResponse> {
  const log = new ExposureLog();
  return async ({ request }) => {
    if (request === undefined) throw new InvalidRequestError('request', 'is missing');
    const response = evaluator.evaluate(request);
    const { experimentKey, epoch, variant, unitId, unitType, reason } = response;
    if (experimentKey === '' || unitId === '') return { response, decisionId: '' };
    const exposure = [unitId, experimentKey, epoch, variant, reason];
    if (!log.isFirst(exposure, clock())) return { response, decisionId: '' };
    const decisionId = uuidv7();
    const context = contextOf(request);
    const attributes =
      evaluator.ruleset.ruleset.experiments.find(({ key }) => key === experimentKey)?.segmentAttributes ?? [];
    const event: Event = {
      eventId: uuidv7(),
      eventType: EXPOSURE,
      schemaVersion: 1,
      userId: textOf(context['user']),
      anonymousId: textOf(context['device']),
      timestampMs: clock(),
      serviceName: 'umpire',
      experimentKey,
      epoch,
      variant,
      decisionId,
      properties: {
        flag_key: response.flagKey,
        reason,
        unit_type: unitType,
        unit_id: unitId,
        ruleset_version: response.rulesetVersion,
        segments: segmentsOf(attributes, context),
      },
    };
    try {
      const [result] = await eventBus.publish([event]);
      if (result?.status === 'dead-lettered')
        throw new UnavailableError(`the exposure was not taken: ${result.reason}`);
      if (result?.status === 'accepted' && unitType === 'user' && event.userId === unitId)
        await controlStore.markUsersExposed([unitId]);
    } catch (error) {
      log.forget(exposure);
      throw error;
    }
    return { response, decisionId };
  };
}

function segmentsOf(attributes: readonly string[], context: ReturnType<typeof contextOf>): JsonObject {
  const segments: Record<string, JsonObject[string]> = {};
  for (const attribute of attributes) {
    const value = context[attribute];
    if (value !== undefined && value !== null && !(value instanceof Date)) segments[attribute] = value;
  }
  return segments;
}

function textOf(value: ReturnType<typeof contextOf>[string]): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
