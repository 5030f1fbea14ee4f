import { setImmediate } from 'node:timers/promises';
import type { Client } from '../client.ts';
import { createClient } from '../create-client.ts';
import type { ClientOptions, ClientProblem } from '../options.ts';

export interface TestClient {
  readonly client: Client;
  readonly problems: ClientProblem[];
  /** Versions as they came into force. */
  readonly versions: number[];
  /** Resolves with the first problem of a kind, now or later. */
  problem(kind: ClientProblem['kind']): Promise<ClientProblem>;
}

/** A client that remembers what it was told. */
export function testClient(options: Partial<ClientOptions> & Pick<ClientOptions, 'address'>): TestClient {
  const problems: ClientProblem[] = [];
  const versions: number[] = [];
  const client = createClient({
    serviceName: 'test',
    maxBackoffMs: 50,
    flushEveryMs: 1,
    onProblem: (problem) => problems.push(problem),
    onRuleset: ({ version }) => versions.push(version),
    ...options,
  });
  const find = (kind: ClientProblem['kind']) => problems.find((problem) => problem.kind === kind);
  return {
    client,
    problems,
    versions,
    problem: (kind) => until(() => find(kind)),
  };
}

/** Resolves with what `look` finds, looking again after every turn of the event loop. The test's own timeout bounds it. */
export async function until<T>(look: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await setImmediate();
  }
}
