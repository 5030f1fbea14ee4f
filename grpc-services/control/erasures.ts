import type { ControlServiceServer, Erasure } from '@third-umpire/proto/umpire/control/v1/control';
import type { ErasureRecord, ErasureStore } from '../../control-store/erasure-port.ts';
import { ConflictError } from '../../control-store/port.ts';
import { InvalidRequestError } from '../failures.ts';
import { actorOf, required } from '../fields.ts';
import { unary } from '../handler.ts';
import type { ErasureWorkflows } from './erasure-workflows.ts';
import type { ControlParts } from './service.ts';

/** What erases users. */
export interface Erasing {
  readonly store: ErasureStore;
  readonly workflows: ErasureWorkflows;
}

const MAX_DEVICES = 100;

/** The request is durable before the workflow is started: whoever asks again goes on with it. */
export function erasureMethods({
  erasing,
  logger,
}: ControlParts): Pick<ControlServiceServer, 'eraseUser' | 'getErasure'> {
  const parts = (): Erasing => {
    if (erasing !== undefined) return erasing;
    throw new ConflictError('this server was started without what erases users; ask another one');
  };
  return {
    eraseUser: unary(logger, async ({ userId, deviceIds, dryRun, actor }) => {
      if (deviceIds.length > MAX_DEVICES) {
        throw new InvalidRequestError('device_ids', `holds ${deviceIds.length}; at most ${MAX_DEVICES} are taken`);
      }
      const record = await parts().store.request({
        userId: required('user_id', userId),
        deviceIds: deviceIds.map((deviceId) => required('device_ids', deviceId)),
        isDryRun: dryRun,
        actor: actorOf(actor),
      });
      const workflowId = await parts().workflows.start(record.erasureId);
      return { erasure: wireErasure(record), workflowId };
    }),
    getErasure: unary(logger, async ({ erasureId }) => ({
      erasure: wireErasure(await parts().store.get(required('erasure_id', erasureId))),
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
