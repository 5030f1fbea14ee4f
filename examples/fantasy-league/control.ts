import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  ControlServiceClient,
  type AuditEntry,
  type Experiment,
  type ListAuditResponse,
} from '@third-umpire/proto/umpire/control/v1/control';
import type { Scorecard } from '../../scorecard/scorecard.ts';

const ACTOR = { name: 'asha (product)', reason: 'match evening' };
const DEADLINE_MS = 30_000;
const ENDINGS: ReadonlySet<string> = new Set([
  'experiment.shipped',
  'experiment.rolled-back',
  'experiment.invalid',
  'experiment.inconclusive',
]);

/** What a product manager does in the demo, over gRPC. */
export interface Control {
  putDefinitions(documentsYaml: string): Promise<number>;
  start(experimentKey: string): Promise<string>;
  rollBack(experimentKey: string): Promise<void>;
  experiment(experimentKey: string): Promise<Experiment>;
  scorecard(experimentKey: string): Promise<Scorecard>;
  /** How an experiment ended, and why, by the audit; null where it did not. */
  endingOf(experimentKey: string): Promise<{ readonly action: string; readonly reason: string } | null>;
  /** When the live monitor killed an experiment, and why; null where it did not. */
  killOf(experimentKey: string): Promise<{ readonly atMs: number; readonly reason: string } | null>;
  close(): void;
}

export function openControl(address: string, clock: () => number): Control {
  const client = new ControlServiceClient(address, credentials.createInsecure());
  const call = <Response>(
    method: (
      metadata: Metadata,
      options: { deadline: number },
      callback: (error: ServiceError | null, response: Response) => void,
    ) => unknown,
  ): Promise<Response> =>
    new Promise((resolve, reject) => {
      method(new Metadata(), { deadline: clock() + DEADLINE_MS }, (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
  const auditOf = async (key: string): Promise<readonly AuditEntry[]> => {
    const { entries } = await call<ListAuditResponse>((metadata, options, callback) =>
      client.listAudit({ kind: 'DEFINITION_KIND_UNSPECIFIED', key, limit: 100 }, metadata, options, callback),
    );
    return entries;
  };
  return {
    putDefinitions: async (documentsYaml) => {
      const { definitions } = await call<{ definitions: unknown[] }>((metadata, options, callback) =>
        client.putDefinitions({ documentsYaml, actor: ACTOR }, metadata, options, callback),
      );
      return definitions.length;
    },
    start: async (experimentKey) => {
      const { workflowId } = await call<{ workflowId: string }>((metadata, options, callback) =>
        client.startExperiment({ experimentKey, actor: ACTOR }, metadata, options, callback),
      );
      return workflowId;
    },
    rollBack: async (experimentKey) => {
      await call<unknown>((metadata, options, callback) =>
        client.rollbackExperiment({ experimentKey, actor: ACTOR }, metadata, options, callback),
      );
    },
    experiment: async (experimentKey) => {
      const { experiment } = await call<{ experiment: Experiment | undefined }>((metadata, options, callback) =>
        client.getExperiment({ experimentKey }, metadata, options, callback),
      );
      if (experiment === undefined) throw new Error(`the server answered nothing for experiment ${experimentKey}`);
      return experiment;
    },
    scorecard: async (experimentKey) => {
      const { scorecardJson } = await call<{ scorecardJson: string }>((metadata, options, callback) =>
        client.getScorecard({ experimentKey }, metadata, options, callback),
      );
      return JSON.parse(scorecardJson) as Scorecard;
    },
    endingOf: async (key) => (await auditOf(key)).find(({ action }) => ENDINGS.has(action)) ?? null,
    killOf: async (key) => {
      const kill = (await auditOf(key)).find(({ action, actor }) => action === 'kill' && actor === 'live-monitor');
      return kill?.at === undefined ? null : { atMs: kill.at.getTime(), reason: kill.reason };
    },
    close: () => client.close(),
  };
}
