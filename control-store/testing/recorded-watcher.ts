import { EventEmitter, once } from 'node:events';
import type { Ruleset, RulesetDelta } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { ControlStore } from '../port.ts';

export interface Seen {
  readonly ruleset: Ruleset;
  readonly delta: RulesetDelta | null;
  readonly atMs: number;
}

/** Everything that a watcher is told, and a way to wait for a version. */
export async function watch(store: ControlStore): Promise<{
  readonly seen: readonly Seen[];
  until(version: number): Promise<Seen>;
  stop(): Promise<void>;
}> {
  const seen: Seen[] = [];
  const news = new EventEmitter();
  const stop = await store.watchRulesets((ruleset, delta) => {
    seen.push({ ruleset, delta, atMs: performance.now() });
    news.emit('ruleset');
  });
  return {
    seen,
    stop,
    until: async (version) => {
      for (;;) {
        const found = seen.find(({ ruleset }) => ruleset.version === version);
        if (found !== undefined) return found;
        await once(news, 'ruleset');
      }
    },
  };
}

export const versionsOf = (seen: readonly Seen[]): number[] => seen.map(({ ruleset }) => ruleset.version);
