import type { FromSimulator, SimulatorOptions, ToSimulator } from './messages.ts';
import { startSimulation } from './simulator.ts';

// The league's services as a process of their own: they reach the platform over gRPC alone.
const clock = Date.now;
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
process.once('disconnect', () => void finish());

let isFinishing = false;
async function finish(): Promise<void> {
  if (isFinishing) return;
  isFinishing = true;
  const report = await simulation.finish();
  tell({ kind: 'finished', report });
  if (process.connected) process.disconnect();
}
