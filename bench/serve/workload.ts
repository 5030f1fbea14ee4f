import {
  EvaluateBatchRequest,
  EvaluateRequest,
  EvaluateStreamRequest,
} from '@third-umpire/proto/umpire/assignment/v1/assignment';

export const EXPERIMENT = 'bench';
export const BATCH_SIZE = 100;

/** Targeting on two attributes and a 50/50 split of everybody. */
export const EXPERIMENT_YAML = `
kind: metric
key: joins
owner: bench
type: count
event: contest_joined
window: 1h
goodDirection: increase
---
kind: experiment
key: ${EXPERIMENT}
hypothesis: None.
owner: bench
variants:
  - { key: control, value: false }
  - { key: treatment, value: true }
targeting:
  all:
    - { attribute: region, operator: in, values: [KA, MH, TN] }
    - { attribute: app_version, operator: semver_greater_than_or_equal, value: '7.1.0' }
metrics: { primary: joins }
ramp: { stages: [{ percent: 100, hold: 1d }] }
`;

const DISTINCT_REQUESTS = 1_000;

/** Messages as bytes: what encoding costs a client is left out of both sides. */
export interface Workload {
  readonly unary: readonly Buffer[];
  readonly batch: readonly Buffer[];
  readonly stream: readonly Buffer[];
}

export function createWorkload(): Workload {
  const requests = Array.from({ length: DISTINCT_REQUESTS }, (_, index) => requestOf(index));
  const batches = Array.from({ length: DISTINCT_REQUESTS / BATCH_SIZE }, (_, index) =>
    requests.slice(index * BATCH_SIZE, (index + 1) * BATCH_SIZE),
  );
  return {
    unary: requests.map((request) => Buffer.from(EvaluateRequest.encode(request).finish())),
    batch: batches.map((each) => Buffer.from(EvaluateBatchRequest.encode({ requests: each }).finish())),
    stream: requests.map((request, index) =>
      Buffer.from(EvaluateStreamRequest.encode({ sequence: index + 1, request }).finish()),
    ),
  };
}

function requestOf(index: number): EvaluateRequest {
  const text = (value: string) => ({ kind: { $case: 'stringValue', value } as const });
  return {
    flagKey: EXPERIMENT,
    context: { user: text(`user-${index}`), region: text('KA'), app_version: text('7.2.0') },
  };
}
