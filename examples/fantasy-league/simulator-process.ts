import { once } from 'node:events';
import { endProcess, forkModule } from '../../parts/child-process.ts';
import type { FromSimulator, SimulationReport, SimulatorOptions, ToSimulator } from './messages.ts';

/** The league's services, in a process of their own. */
export interface SimulatorProcess {
  begin(): void;
  finish(): Promise<SimulationReport>;
  stop(): Promise<void>;
}

/** Resolves when the history is backfilled. */
export async function startSimulatorProcess(
  options: SimulatorOptions,
  onMessage: (message: FromSimulator) => void,
): Promise<SimulatorProcess> {
  const child = forkModule(import.meta.url, './simulator-main', [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  const ended = once(child, 'exit').then(([code]: unknown[]) => {
    throw new Error(`the simulator ended early, with code ${String(code)}`);
  });
  const next = (isIt: (message: FromSimulator) => boolean): Promise<FromSimulator> => {
    const found = new Promise<FromSimulator>((resolve) => {
      child.on('message', (message: FromSimulator) => {
        if (isIt(message)) resolve(message);
      });
    });
    return Promise.race([found, ended]);
  };
  child.on('message', onMessage);
  ended.catch(() => undefined);
  const send = (message: ToSimulator): boolean => child.send(message);
  await next((message) => message.kind === 'backfill' && message.isOver);
  return {
    begin: () => void send({ kind: 'begin' }),
    finish: async () => {
      const finished = next((message) => message.kind === 'finished');
      send({ kind: 'finish' });
      const message = await finished;
      if (message.kind !== 'finished') throw new Error(`the simulator answered ${message.kind}`);
      return message.report;
    },
    stop: () => endProcess(child),
  };
}
