import { pino } from 'pino';
import { openControlStore } from '../../control-store/postgres/open.ts';
import { parseDefinitions } from '../../definitions/parse.ts';
import { openEventLog } from '../../event-bus/postgres/event-log.ts';
import { startGrpcServer } from '../../grpc-services/server.ts';
import { EXPERIMENT_YAML, EXPERIMENT } from './workload.ts';

// The whole service process as it is deployed, on a control store with one running experiment.
const url = process.argv[2] ?? '';
const controlStore = await openControlStore({ url });
const eventBus = await openEventLog({ url });
const actor = { name: 'bench', reason: 'a benchmark' };
await controlStore.putDefinitions(parseDefinitions(EXPERIMENT_YAML, 'bench'), actor);
const steps = [
  { to: 'started', definitionVersion: 1 } as const,
  { to: 'enrolled', stage: 1, basisPoints: 10_000 } as const,
];
for (const [index, transition] of steps.entries()) {
  await controlStore.transition({ experimentKey: EXPERIMENT, transition, actor, stepKey: `bench ${index}` });
}
const none = (): Promise<never> => Promise.reject(new Error('no workflow runs in this benchmark'));
const server = await startGrpcServer({
  address: '127.0.0.1:0',
  controlStore,
  eventBus,
  experimentWorkflows: {
    start: none,
    approve: none,
    pause: none,
    resume: none,
    ramp: none,
    ship: none,
    rollBack: none,
    killed: none,
  },
  logger: pino({ level: 'silent' }),
});
process.send?.({ address: server.address });
process.once('disconnect', () => process.exit(0));
