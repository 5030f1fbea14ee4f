import type { PostgresServer } from '../../parts/postgres.ts';
import { startTestPostgres } from '../../tests/support/postgres.ts';
import type { Definition } from '../../definitions/definition.ts';
import type { ControlStore, ExperimentRecord, KillRecord, Transition } from '../port.ts';
import { openControlStore } from '../postgres/open.ts';

export const actor = { name: 'asha', reason: 'a test' };

/** A control store on a PostgreSQL of its own, with shorter ways to change it. */
export interface TestStore {
  readonly server: PostgresServer;
  readonly store: ControlStore;
  put(documents: readonly Definition[]): Promise<void>;
  /** A transition under a step key of its own, or under the one given. */
  move(experimentKey: string, transition: Transition, stepKey?: string): Promise<ExperimentRecord>;
  /** Starts and enrols the first percent. */
  run(experimentKey: string): Promise<ExperimentRecord>;
  kill(kind: 'flag' | 'experiment', key: string, stepKey?: string): Promise<KillRecord>;
  /** Another store on the same database, as another process has it; closed with this one. */
  another(): Promise<ControlStore>;
  stop(): Promise<void>;
}

export async function startTestStore(options: { readonly clock?: () => number } = {}): Promise<TestStore> {
  const server = await startTestPostgres();
  const open = (): Promise<ControlStore> => openControlStore({ url: server.url, ...options });
  const store = await open();
  const stores = [store];
  let steps = 0;
  const move: TestStore['move'] = (experimentKey, transition, stepKey = `step ${++steps}`) =>
    store.transition({ experimentKey, transition, actor, stepKey });
  return {
    server,
    store,
    put: async (documents) => {
      await store.putDefinitions(documents, actor);
    },
    move,
    run: async (key) => {
      const versions = await store.listDefinitions('experiment');
      const definitionVersion = versions.find(({ definition }) => definition.key === key)?.version ?? 0;
      await move(key, { to: 'started', definitionVersion });
      return await move(key, { to: 'enrolled', stage: 1, basisPoints: 100 });
    },
    kill: (kind, key, stepKey = `step ${++steps}`) => store.kill({ target: { kind, key }, actor, stepKey }),
    another: async () => {
      const other = await open();
      stores.push(other);
      return other;
    },
    stop: async () => {
      for (const each of stores) await each.close();
      await server.stop();
    },
  };
}
