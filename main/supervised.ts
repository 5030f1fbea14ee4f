import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess, forkModule, SERVICE_FLAGS } from '../parts/child-process.ts';
import type { Answer, Question, ReadyMessage } from './process-life.ts';

export interface SupervisedOptions {
  readonly name: string;
  /** Relative to this folder, without extension. */
  readonly modulePath: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly onLog: (line: string) => void;
  /** Told of every end that was not asked for, before the process is started again. */
  readonly onCrash: (message: string) => void;
}

export interface SupervisedProcess {
  readonly name: string;
  readonly offers: Readonly<Record<string, string>>;
  processId(): number;
  /** Asks the process as it runs now. Rejects where it ends, or cannot say. */
  ask(question: string): Promise<unknown>;
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const RESTART_MS = 500;

/** Runs one of the platform's processes: resolves when it is ready, and starts it again whenever it ends by itself. */
export async function supervise(options: SupervisedOptions): Promise<SupervisedProcess> {
  let isStopping = false;
  let restarting: Promise<void> | undefined;
  let current = await startOnce(options);
  const watch = (): void => {
    current.child.once('exit', (code, signal) => {
      if (isStopping) return;
      options.onCrash(`${options.name} ended (${signal ?? `code ${code}`}); it is started again`);
      restarting = restart();
    });
  };
  const restart = async (): Promise<void> => {
    while (!isStopping) {
      await delay(RESTART_MS);
      try {
        current = await startOnce(options);
        if (isStopping) await endProcess(current.child);
        else watch();
        return;
      } catch (error) {
        options.onCrash(
          `${options.name} could not be started: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  };
  watch();
  return {
    name: options.name,
    offers: current.offers,
    processId: () => current.child.pid ?? -1,
    ask: (question) => askProcess(options.name, current.child, question),
    stop: async () => {
      isStopping = true;
      await restarting;
      await endProcess(current.child);
    },
  };
}

async function askProcess(name: string, child: ChildProcess, ask: string): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    const over = (): void => void child.off('message', onMessage).off('exit', onExit);
    const onExit = (): void => {
      over();
      reject(new Error(`${name} ended before it had answered`));
    };
    const onMessage = (message: Partial<Answer>): void => {
      if (message.answer !== ask) return;
      over();
      if (message.error === undefined) resolve(message.value);
      else reject(new Error(`${name}: ${message.error}`));
    };
    child.on('message', onMessage).on('exit', onExit);
    child.send({ ask } satisfies Question);
  });
}

async function startOnce(options: SupervisedOptions): Promise<{ child: ChildProcess; offers: ReadyMessage['offers'] }> {
  const child = forkModule(import.meta.url, options.modulePath, [], {
    execArgv: [...process.execArgv, ...SERVICE_FLAGS],
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C in a terminal reaches the whole group; the parent ends its children itself, in order.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
      options.onLog(chunk.toString());
    });
  }
  const expired = new AbortController();
  const outcome = await Promise.race([
    once(child, 'message').then(([message]: unknown[]) => message),
    once(child, 'exit').then(
      ([code]: unknown[]) => new Error(`${options.name} ended with code ${String(code)}:\n${output}`),
    ),
    delay(READY_TIMEOUT_MS, new Error(`${options.name} was not ready after ${READY_TIMEOUT_MS} ms:\n${output}`), {
      signal: expired.signal,
    }).catch(() => undefined),
  ]);
  expired.abort();
  if (isReady(outcome)) return { child, offers: outcome.offers };
  await endProcess(child, 'SIGKILL');
  throw outcome;
}

function isReady(message: unknown): message is ReadyMessage {
  return typeof message === 'object' && message !== null && 'ready' in message && message.ready === true;
}
