import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Judge } from '../../activities/ports.ts';
import type { Actor } from '../../control-store/port.ts';
import type { ExperimentDefinition } from '../../definitions/experiment.ts';
import { approve, killed, pause, ramp, resume, rollBack, ship } from '../experiment-messages.ts';
import { DAY_MS, exampleDefinition, exampleScorecard } from './examples.ts';
import { startExperiment, until, withBench, type Bench, type ExperimentHandle } from './time-skipping.ts';

/** One way in which an experiment can live: between them they come by every step that the workflow knows. */
export interface Life {
  readonly name: string;
  readonly judge: Judge;
  readonly changes: Partial<ExperimentDefinition>;
  /** Goes on in a new run after this many events of history. */
  readonly continueAfterEvents?: number;
  /** What happens to it from outside while it runs. */
  play(handle: ExperimentHandle, environment: TestWorkflowEnvironment, bench: Bench): Promise<void>;
}

const actor: Actor = { name: 'asha', reason: 'for the record' };
const untouched: Life['play'] = () => Promise.resolve();

function always(verdict: 'ship' | 'do-not-ship' | 'invalid' | 'keep-running'): Judge {
  return (experimentKey) => Promise.resolve(exampleScorecard(verdict, { experimentKey }));
}

export const LIVES: readonly Life[] = [
  {
    name: 'shipped-with-holdback',
    judge: always('ship'),
    changes: { holdback: { percent: 5, forMs: 30 * DAY_MS } },
    play: untouched,
  },
  { name: 'harmful', judge: always('do-not-ship'), changes: {}, play: untouched },
  { name: 'split-mismatch', judge: always('invalid'), changes: {}, play: untouched },
  { name: 'without-an-answer', judge: always('keep-running'), changes: {}, play: untouched },
  {
    name: 'approved-paused-and-ramped-by-hand',
    judge: always('keep-running'),
    changes: { approval: { required: true } },
    play: async (handle, environment) => {
      await until(handle, ({ status }) => status === 'awaiting-approval');
      await handle.executeUpdate(approve, { args: [{ actor }] });
      await until(handle, ({ stage }) => stage === 1);
      await environment.sleep(3 * DAY_MS);
      await handle.executeUpdate(pause, { args: [{ actor }] });
      await environment.sleep(10 * DAY_MS);
      await handle.executeUpdate(resume, { args: [{ actor }] });
      await handle.executeUpdate(ramp, { args: [{ actor, stage: 3 }] });
      await until(handle, ({ stage }) => stage === 3);
      await handle.executeUpdate(rollBack, { args: [{ actor }] });
    },
  },
  {
    name: 'killed-by-the-live-monitor',
    judge: always('keep-running'),
    changes: {},
    play: async (handle, _environment, { store }) => {
      const view = await until(handle, ({ stage }) => stage === 1);
      const target = { kind: 'experiment', key: view.experimentKey } as const;
      const { killId } = await store.kill({ target, actor, stepKey: 'monitor-1' });
      await handle.signal(killed, { actor, killId });
    },
  },
  {
    // What is recorded is the last of its runs, which began with what the one before handed over.
    name: 'continued-as-new',
    judge: always('ship'),
    changes: { holdback: { percent: 5, forMs: DAY_MS } },
    continueAfterEvents: 40,
    play: untouched,
  },
  {
    name: 'shipped-by-hand',
    judge: always('keep-running'),
    changes: {},
    play: async (handle) => {
      await until(handle, ({ stage }) => stage === 1);
      await handle.executeUpdate(ship, { args: [{ actor, variant: 'retry' }] });
    },
  },
];

/** Plays a life to its end on the time-skipping server. */
export async function playLife<T>(
  environment: TestWorkflowEnvironment,
  life: Life,
  atTheEnd: (handle: ExperimentHandle, bench: Bench) => Promise<T>,
): Promise<T> {
  const definitions = [exampleDefinition({ ...life.changes, key: life.name })];
  return await withBench(environment, { definitions, judge: life.judge }, async (bench) => {
    const { name: experiment, continueAfterEvents } = life;
    const input = { experiment, ...(continueAfterEvents === undefined ? {} : { continueAfterEvents }) };
    const handle = await startExperiment(environment, bench, input);
    await life.play(handle, environment, bench);
    await handle.result();
    return await atTheEnd(handle, bench);
  });
}
