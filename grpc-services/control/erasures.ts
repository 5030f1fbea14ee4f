import type { ControlServiceServer, Erasure } from '@third-umpire/proto/umpire/control/v1/control';
import type { ErasureRecord } from '../../control-store/erasure-port.ts';
import { InvalidRequestError } from '../failures.ts';
import { actorOf, required } from '../fields.ts';
import { unary } from '../handler.ts';
import type { ControlParts } from './service.ts';

const MAX_DEVICES = 100;

/** The request is durable before the workflow is started: whoever asks again goes on with it. */
export function erasureMethods({
  erasures,
  erasureWorkflows,
  logger,
}: ControlParts): Pick<ControlServiceServer, 'eraseUser' | 'getErasure'> {
  return {
    eraseUser: unary(logger, async ({ userId, deviceIds, dryRun, actor }) => {
      if (deviceIds.length > MAX_DEVICES) {
        throw new InvalidRequestError('device_ids', `holds ${deviceIds.length}; at most ${MAX_DEVICES} are taken`);
      }
      const record = await erasures.request({
        userId: required('user_id', userId),
        deviceIds: deviceIds.map((deviceId) => required('device_ids', deviceId)),
        isDryRun: dryRun,
        actor: actorOf(actor),
      });
      const workflowId = await erasureWorkflows.start(record.erasureId);
      return { erasure: wireErasure(record), workflowId };
    }),
    getErasure: unary(logger, async ({ erasureId }) => ({
      erasure: wireErasure(await erasures.get(required('erasure_id', erasureId))),
    })),
  };
}

function wireErasure(record: ErasureRecord): Erasure {
  return {
    erasureId: record.erasureId,
    subjectHash: record.subjectHash,
    requestedAt: new Date(record.requestedAtMs),
    actor: record.actor,
    dryRun: record.isDryRun,
    erasedUntil: new Date(record.untilMs),
    finishedAt: record.finishedAtMs === null ? undefined : new Date(record.finishedAtMs),
    receiptJson: record.receipt === null ? '' : JSON.stringify(record.receipt),
  };
}
