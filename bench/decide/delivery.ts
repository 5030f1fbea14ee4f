import { on, once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { createClient, type Client } from '@third-umpire/sdk';
import { endProcess, forkModule } from '../../parts/child-process.ts';
import type { ServerMessage } from './ruleset-server.ts';
import { median } from './speed.ts';

export interface Delivery {
  /** From the start of the client to its first ruleset in force, ms. */
  readonly firstRulesetMs: number;
  /** Longest stall of the client's event loop meanwhile, ms: decoding and compiling the whole. */
  readonly firstRulesetStallMs: number;
  /** From publish in the server's process to in force in the client's, ms. */
  readonly publishToAppliedMs: { readonly median: number; readonly worst: number };
  /** Longest stall of the client's event loop while deltas came, ms. */
  readonly longestStallMs: number;
}

/** A stall is only recorded by the first tick after it. */
const SETTLE_MS = 50;

/** A server in a process of its own publishes deltas, one after the other; the SDK's client takes them from its stream. */
export async function measureDelivery(experiments: number, deltas: number): Promise<Delivery> {
  const server = forkModule(import.meta.url, './ruleset-server', [String(experiments)]);
  const stall = monitorEventLoopDelay({ resolution: 1 });
  let client: Client | undefined;
  try {
    const [listening] = (await once(server, 'message')) as [ServerMessage];
    if (listening.kind !== 'listening') throw new Error(`the server said ${listening.kind} before it listened`);
    const applied = new Map<number, bigint>();
    const onRuleset = ({ version }: Ruleset): void => void applied.set(version, process.hrtime.bigint());
    stall.enable();
    const startedAtMs = performance.now();
    client = createClient({ address: `127.0.0.1:${listening.port}`, serviceName: 'bench', onRuleset });
    await client.ready(60_000);
    const firstRulesetMs = performance.now() - startedAtMs;
    await delay(SETTLE_MS);
    const firstRulesetStallMs = stall.max / 1e6;
    stall.reset();
    const published = await publish(server, deltas);
    await untilApplied(applied, Math.max(...published.keys()));
    await delay(SETTLE_MS);
    const waits = [...published].map(([version, atNs]) => Number((applied.get(version) ?? 0n) - atNs) / 1e6);
    return {
      firstRulesetMs,
      firstRulesetStallMs,
      publishToAppliedMs: { median: median(waits), worst: Math.max(...waits) },
      longestStallMs: stall.max / 1e6,
    };
  } finally {
    stall.disable();
    await client?.close();
    await endProcess(server);
  }
}

/** Resolves with the time of each publication by its version. */
async function publish(server: ReturnType<typeof forkModule>, deltas: number): Promise<ReadonlyMap<number, bigint>> {
  const published = new Map<number, bigint>();
  const messages = on(server, 'message') as AsyncIterable<[ServerMessage]>;
  server.send('publish');
  for await (const [message] of messages) {
    if (message.kind !== 'published') continue;
    published.set(message.version, BigInt(message.atNs));
    if (published.size === deltas) break;
    server.send('publish');
  }
  return published;
}

async function untilApplied(applied: ReadonlyMap<number, bigint>, version: number): Promise<void> {
  while (!applied.has(version)) await new Promise((resolve) => setImmediate(resolve));
}
