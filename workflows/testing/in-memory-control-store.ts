import {
  ConflictError,
  NotFoundError,
  type ControlStore,
  type ExperimentRecord,
  type KillRecord,
  type StoredDefinition,
  type TransitionRequest,
} from '../../control-store/port.ts';
import type { ExperimentDefinition } from '../../definitions/experiment.ts';
import type { Scorecard } from '../../scorecard/scorecard.ts';

/** The part of the control store that workflows reach, with its rules about step keys and order, and a log to assert on. */
export interface InMemoryControlStore extends Pick<
  ControlStore,
  'getDefinition' | 'getExperiment' | 'listExperiments' | 'transition' | 'kill' | 'saveScorecard' | 'latestScorecard'
> {
  readonly applied: TransitionRequest[];
  readonly kills: KillRecord[];
  /** How often a step key came again. */
  readonly repeats: string[];
}

export function createInMemoryControlStore(
  definitions: readonly ExperimentDefinition[],
  nowMs: () => number,
): ControlStore & InMemoryControlStore {
  const records = new Map(definitions.map(({ key }) => [key, draft(key)]));
  const steps = new Map<string, ExperimentRecord>();
  const scorecards = new Map<string, Scorecard>();
  const store: InMemoryControlStore = {
    applied: [],
    kills: [],
    repeats: [],
    getDefinition: async (kind, key) => {
      const definition = definitions.find((known) => known.kind === kind && known.key === key);
      if (definition === undefined) throw new NotFoundError(`${kind} ${key} is not defined; put its definition first`);
      return await Promise.resolve({ definition, version: 1, createdBy: 'test', createdAtMs: 0 } as StoredDefinition & {
        definition: never;
      });
    },
    getExperiment: async (key) => await Promise.resolve(find(records, key)),
    listExperiments: async () => await Promise.resolve([...records.values()]),
    transition: async (request) => {
      const done = steps.get(request.stepKey);
      if (done !== undefined) {
        store.repeats.push(request.stepKey);
        return done;
      }
      const record = next(find(records, request.experimentKey), request, nowMs());
      records.set(record.key, record);
      steps.set(request.stepKey, record);
      store.applied.push(request);
      return await Promise.resolve(record);
    },
    kill: async ({ target, actor, stepKey }) => {
      const known = store.kills.find(({ killId }) => killId === stepKey);
      if (known !== undefined) return known;
      const record = find(records, target.key);
      records.set(target.key, {
        ...record,
        isKilled: true,
        analysisClosedAtMs: nowMs(),
        revision: record.revision + 1,
      });
      const kill = { killId: stepKey, target, actor, killedAtMs: nowMs(), rulesetVersion: 1 };
      store.kills.push(kill);
      return await Promise.resolve(kill);
    },
    saveScorecard: async (scorecard) => {
      scorecards.set(scorecard.experimentKey, scorecard);
      return await Promise.resolve();
    },
    latestScorecard: async (key) => await Promise.resolve(scorecards.get(key) ?? null),
  };
  return Object.assign(unusedByWorkflows(), store);
}

function draft(key: string): ExperimentRecord {
  return {
    key,
    epoch: 0,
    definitionVersion: 0,
    status: 'draft',
    statusReason: '',
    stage: 0,
    enrolledBasisPoints: 0,
    shippedVariant: null,
    startedAtMs: null,
    enrolledAtMs: null,
    analysisClosedAtMs: null,
    isKilled: false,
    revision: 0,
  };
}

function find(records: ReadonlyMap<string, ExperimentRecord>, key: string): ExperimentRecord {
  const record = records.get(key);
  if (record === undefined) throw new NotFoundError(`experiment ${key} is not defined; put its definition first`);
  return record;
}

function next(record: ExperimentRecord, { transition, actor }: TransitionRequest, nowMs: number): ExperimentRecord {
  if (record.isKilled && ['started', 'enrolled', 'resumed', 'shipped'].includes(transition.to)) {
    throw new ConflictError(`experiment ${record.key} is killed and cannot become ${transition.to}`);
  }
  const changed = { ...record, statusReason: actor.reason, revision: record.revision + 1 };
  switch (transition.to) {
    case 'awaiting-approval':
      return { ...changed, status: 'awaiting-approval' };
    case 'started':
      return {
        ...changed,
        status: 'running',
        epoch: record.epoch + 1,
        startedAtMs: nowMs,
        stage: 0,
        enrolledBasisPoints: 0,
      };
    case 'enrolled':
      if (record.status !== 'running')
        throw new ConflictError(`experiment ${record.key} is ${record.status}, not running`);
      if (transition.basisPoints < record.enrolledBasisPoints) throw new ConflictError('a ramp only ever enrols more');
      return {
        ...changed,
        stage: transition.stage,
        enrolledBasisPoints: transition.basisPoints,
        enrolledAtMs: record.enrolledAtMs ?? nowMs,
      };
    case 'paused':
      return { ...changed, status: 'paused' };
    case 'resumed':
      return { ...changed, status: 'running' };
    case 'shipped':
      return { ...changed, status: 'shipped', shippedVariant: transition.variant };
    case 'holdback-ended':
      return changed;
    default:
      return { ...changed, status: transition.to };
  }
}

type Unused = Omit<ControlStore, keyof InMemoryControlStore>;

function unusedByWorkflows(): Unused {
  const refuse = (name: string) => (): Promise<never> =>
    Promise.reject(new Error(`${name}: no workflow needs this, so this store does not have it`));
  return {
    putDefinitions: refuse('putDefinitions'),
    listDefinitions: refuse('listDefinitions'),
    revokeKill: refuse('revokeKill'),
    currentRuleset: refuse('currentRuleset'),
    watchRulesets: refuse('watchRulesets'),
    linkIdentity: refuse('linkIdentity'),
    linkedDevice: refuse('linkedDevice'),
    listLinks: refuse('listLinks'),
    markUsersExposed: refuse('markUsersExposed'),
    listAudit: refuse('listAudit'),
    close: () => Promise.resolve(),
  };
}
