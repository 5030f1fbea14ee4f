import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Refusal } from './refusal.ts';
import type { StepRequest, StepResult } from './thread-main.ts';

export interface ThreadOptions {
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs a step in a thread of its own, so that the process goes on answering, heartbeating and being cancelled while it computes.
 *
 * @throws Refusal where there is no honest answer; the signal's reason where it is aborted
 */
export async function inThread<S extends StepRequest>(
  request: S,
  { onProgress = () => undefined, signal }: ThreadOptions = {},
): Promise<StepResult<S>> {
  signal?.throwIfAborted();
  const worker = new Worker(threadPath(), { workerData: request });
  try {
    return await new Promise<StepResult<S>>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      worker.on('message', (message: ThreadMessage<S>) => {
        if (message.kind === 'progress') onProgress(message.share);
        else if (message.kind === 'refused') reject(new Refusal(message.code, message.message));
        else resolve(message.result);
      });
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`the thread ended with code ${code} before it had a result`)));
    });
  } finally {
    await worker.terminate();
  }
}

export type ThreadMessage<S extends StepRequest> =
  | { readonly kind: 'progress'; readonly share: number }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'result'; readonly result: StepResult<S> };

/** From source it is `.ts`, from the build `.js`. */
function threadPath(): string {
  const here = fileURLToPath(import.meta.url);
  return path.join(path.dirname(here), `thread-main${path.extname(here)}`);
}
