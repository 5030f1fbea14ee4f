import {
  LifecycleStatus,
  type AuditEntry as WireAuditEntry,
  type ControlServiceServer,
  type Experiment,
} from '@third-umpire/proto/umpire/control/v1/control';
import {
  NotFoundError,
  type AuditEntry,
  type ControlStore,
  type ExperimentRecord,
  type LifecycleStatus as StoredStatus,
} from '../../control-store/port.ts';
import { InvalidRequestError } from '../failures.ts';
import { unary } from '../handler.ts';
import { required } from '../fields.ts';
import type { ControlParts } from './service.ts';

const STATUSES: Readonly<Record<StoredStatus, LifecycleStatus>> = {
  draft: LifecycleStatus.LIFECYCLE_STATUS_DRAFT,
  'awaiting-approval': LifecycleStatus.LIFECYCLE_STATUS_AWAITING_APPROVAL,
  running: LifecycleStatus.LIFECYCLE_STATUS_RUNNING,
  paused: LifecycleStatus.LIFECYCLE_STATUS_PAUSED,
  shipped: LifecycleStatus.LIFECYCLE_STATUS_SHIPPED,
  'rolled-back': LifecycleStatus.LIFECYCLE_STATUS_ROLLED_BACK,
  invalid: LifecycleStatus.LIFECYCLE_STATUS_INVALID,
  inconclusive: LifecycleStatus.LIFECYCLE_STATUS_INCONCLUSIVE,
  archived: LifecycleStatus.LIFECYCLE_STATUS_ARCHIVED,
};

const DEFAULT_AUDIT_LIMIT = 100;
const MAX_AUDIT_LIMIT = 1_000;

export function readingMethods({
  controlStore,
  logger,
}: ControlParts): Pick<ControlServiceServer, 'getExperiment' | 'listExperiments' | 'getScorecard' | 'listAudit'> {
  return {
    getExperiment: unary(logger, async ({ experimentKey }) => ({
      experiment: await readExperiment(controlStore, required('experiment_key', experimentKey)),
    })),
    listExperiments: unary(logger, async () => {
      const records = await controlStore.listExperiments();
      return { experiments: await Promise.all(records.map((record) => wireExperiment(controlStore, record))) };
    }),
    getScorecard: unary(logger, async ({ experimentKey }) => {
      const key = required('experiment_key', experimentKey);
      const scorecard = await controlStore.latestScorecard(key);
      if (scorecard === null)
        throw new NotFoundError(`experiment ${key} has no scorecard yet; one is made at the first gate`);
      return { scorecardJson: JSON.stringify(scorecard), computedAt: new Date(scorecard.computedAtMs) };
    }),
    listAudit: unary(logger, async ({ key, limit }) => {
      if (limit > MAX_AUDIT_LIMIT) throw new InvalidRequestError('limit', `is ${limit}; at most ${MAX_AUDIT_LIMIT}`);
      const entries = await controlStore.listAudit({
        limit: limit === 0 ? DEFAULT_AUDIT_LIMIT : limit,
        ...(key === '' ? {} : { subject: required('key', key) }),
      });
      return { entries: entries.map(wireAuditEntry) };
    }),
  };
}

export async function readExperiment(controlStore: ControlStore, key: string): Promise<Experiment> {
  return await wireExperiment(controlStore, await controlStore.getExperiment(key));
}

async function wireExperiment(controlStore: ControlStore, record: ExperimentRecord): Promise<Experiment> {
  const { definition } = await controlStore.getDefinition('experiment', record.key, record.definitionVersion);
  return {
    key: record.key,
    epoch: record.epoch,
    status: STATUSES[record.status],
    stage: record.stage,
    stageCount: definition.ramp.stages.length,
    enrolledBasisPoints: record.enrolledBasisPoints,
    startedAt: dateOf(record.startedAtMs),
    analysisClosedAt: dateOf(record.analysisClosedAtMs),
    statusReason: record.statusReason,
    shippedVariant: record.shippedVariant ?? '',
    isKilled: record.isKilled,
    workflowId: `experiment/${record.key}`,
  };
}

function dateOf(ms: number | null): Date | undefined {
  return ms === null ? undefined : new Date(ms);
}

function wireAuditEntry(entry: AuditEntry): WireAuditEntry {
  return {
    id: entry.id,
    at: new Date(entry.atMs),
    actor: entry.actor,
    action: entry.action,
    subject: entry.subject,
    reason: entry.reason,
    detailJson: JSON.stringify(entry.detail ?? null),
  };
}
