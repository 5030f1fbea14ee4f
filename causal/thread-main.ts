import { parentPort, workerData } from 'node:worker_threads';
import type { MethodOptions } from './methods/method.ts';
import { Refusal } from './refusal.ts';
import type { AskedQuestion } from './report/report.ts';
import {
  estimationOf,
  prepare,
  refutationOf,
  segmentsOf,
  type Estimation,
  type Refutation,
  type Segmented,
} from './steps.ts';
import type { RawStudy } from './study/raw-column.ts';
import type { ThreadMessage } from './thread.ts';

/** A step with all that it needs; typed arrays are copied into the thread. */
export interface StepRequest {
  readonly step: 'estimate' | 'refute' | 'segments';
  readonly raw: RawStudy;
  readonly asked: AskedQuestion;
  readonly options: MethodOptions;
}

export type StepResult<S extends StepRequest> = S['step'] extends 'estimate'
  ? Estimation
  : S['step'] extends 'refute'
    ? Refutation
    : Segmented;

function run({ step, raw, asked, options }: StepRequest): Estimation | Refutation | Segmented {
  const prepared = prepare(raw, asked, options);
  if (step === 'estimate') return estimationOf(prepared, asked);
  if (step === 'segments') return segmentsOf(prepared, raw);
  return refutationOf(prepared, (done, of) => parentPort?.postMessage({ kind: 'progress', share: done / of }));
}

if (parentPort !== null) {
  try {
    parentPort.postMessage({ kind: 'result', result: run(workerData as StepRequest) });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const refusal: ThreadMessage<StepRequest> = { kind: 'refused', code: error.code, message: error.message };
    parentPort.postMessage(refusal);
  }
}
