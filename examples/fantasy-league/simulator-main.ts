import type { FromSimulator, SimulatorOptions, ToSimulator } from './messages.ts';
import { startSimulation } from './simulator.ts';

// The league's services as a process of their own: they reach the platform over gRPC alone.
const clock = Date.now;

let hasReported = false;
/** Whoever started it is gone, or has its report. Nothing outlives its owner, not even a backfill that waits for a server that is gone, too. */
const end = (): never => process.exit(hasReported ? 0 : 1);
process.once('disconnect', end);
if (!process.connected) end();

const tell = (message: FromSimulator): void => {
  process.send?.(message);
};
const options = JSON.parse(process.argv[2] ?? '{}') as SimulatorOptions;
const simulation = await startSimulation(options, clock, tell);
await simulation.backfill();
process.on('message', (message: ToSimulator) => {
  if (message.kind === 'begin') simulation.begin();
  else void finish();
});

let isFinishing = false;
async function finish(): Promise<void> {
  if (isFinishing) return;
  isFinishing = true;
  const report = await simulation.finish();
  const finished: FromSimulator = { kind: 'finished', report };
  process.send?.(finished, () => {
    hasReported = true;
    process.disconnect();
  });
}
