import { createClient, type Client } from '@third-umpire/sdk';
import { seededRandom } from '../../estimators/seeded-random.ts';
import { historyOf } from './history.ts';
import { type Chances, type FromSimulator, type SimulationReport, type SimulatorOptions } from './messages.ts';
import { createPopulation, type User } from './population.ts';
import { playSession, type Observer } from './session.ts';
import { startSeveredProxy, type SeveredProxy } from './severed-proxy.ts';

const TICK_MS = 20;
const PROGRESS_EVERY_MS = 5_000;
/** One client loses its connection again and again. */
const CUT_EVERY_MS = 7_000;
const CUT_FOR_MS = 1_500;
const CUT_CLIENT = 7;

export interface Simulation {
  /** Fills 60 days of history; resolves when all of it is durable. */
  backfill(): Promise<void>;
  /** Plays the evening until `finish`. */
  begin(): void;
  finish(): Promise<SimulationReport>;
}

/** The services of the league: many SDK clients, each with its share of the users. */
export async function startSimulation(
  options: SimulatorOptions,
  clock: () => number,
  tell: (message: FromSimulator) => void,
): Promise<Simulation> {
  const users = createPopulation(options.users, options.seed);
  const proxy = await startSeveredProxy(options.address);
  const harmed: { user: User | null } = { user: null };
  const clients = connectClients(options, proxy, (client, index) =>
    reportKill(client, index, harmed.user, clock, tell),
  );
  await Promise.all(clients.map((client) => client.ready()));
  tell({ kind: 'connected', clients: clients.length });
  const retry = new AverageChances();
  const prompt = new AverageChances();
  const observer: Observer = {
    onRetryExposure: (user, without, withRetry) => retry.add(user, without, withRetry),
    onPromptExposure: (user, without, withPrompt, variant) => {
      prompt.add(user, without, withPrompt);
      if (variant !== 'prompt' || harmed.user !== null) return;
      harmed.user = user;
      tell({ kind: 'first-harm', atMs: clock() });
    },
  };
  const evening = new Evening(options, users, clients, observer, clock);
  const timers: NodeJS.Timeout[] = [];
  return {
    backfill: () => backfill(users, clients, options.seed, clock(), tell),
    begin: () => {
      evening.begin();
      timers.push(
        setInterval(
          () => tell({ kind: 'progress', sessions: evening.sessions, ...eventsOf(clients) }),
          PROGRESS_EVERY_MS,
        ),
        setInterval(() => {
          proxy.cut(CUT_FOR_MS);
          tell({ kind: 'cut-off', client: CUT_CLIENT, forMs: CUT_FOR_MS });
        }, CUT_EVERY_MS),
      );
    },
    finish: async () => {
      timers.forEach(clearInterval);
      evening.end();
      const closed = await Promise.all(clients.map((client) => client.close(10_000)));
      proxy.close();
      return {
        sessions: evening.sessions,
        retry: retry.chances,
        prompt: prompt.chances,
        delivered: eventsOf(clients).events,
        undelivered: closed.reduce((sum, { undelivered }) => sum + undelivered, 0),
        dropped: eventsOf(clients).dropped,
        reconnects: clients.reduce((sum, client) => sum + client.statistics().reconnects, 0),
      };
    },
  };
}

function connectClients(
  { address, clients }: SimulatorOptions,
  proxy: SeveredProxy,
  onRuleset: (client: Client, index: number) => void,
): Client[] {
  const connected: Client[] = [];
  for (let index = 0; index < clients; index += 1) {
    const client = createClient({
      address: index === CUT_CLIENT ? proxy.address : address,
      serviceName: `league-${index}`,
      heartbeatIntervalMs: 500,
      maxBackoffMs: 500,
      maxBufferedEvents: 50_000,
      maxBatchSize: 1_000,
      // Told by the messages to the demo instead: losing the connection is part of the play.
      onProblem: () => undefined,
      onRuleset: () => {
        const known = connected[index];
        if (known !== undefined) onRuleset(known, index);
      },
    });
    connected.push(client);
  }
  return connected;
}

/**
 * Asks for the first user who was shown the prompt, at every ruleset: every stage of the ramp enrols him, so from the
 * breach on, a client that gives him control has heard of the kill.
 */
function reportKill(
  client: Client,
  index: number,
  harmed: User | null,
  clock: () => number,
  tell: (message: FromSimulator) => void,
): void {
  if (harmed === null) return;
  if (client.evaluate('wallet_prompt', harmed.context).variant !== 'control') return;
  tell({ kind: 'kill-served', client: index, atMs: clock() });
}

/** Each unit counts once, as it does in the analysis. */
class AverageChances {
  readonly #counted = new Set<string>();
  #without = 0;
  #with = 0;

  add({ id }: User, without: number, withTreatment: number): void {
    if (this.#counted.has(id)) return;
    this.#counted.add(id);
    this.#without += without;
    this.#with += withTreatment;
  }

  get chances(): Chances {
    const units = Math.max(1, this.#counted.size);
    return { units: this.#counted.size, without: this.#without / units, with: this.#with / units };
  }
}

/** Users come at a steady rate, each to the service that is his. */
class Evening {
  sessions = 0;
  readonly #options: SimulatorOptions;
  readonly #users: readonly User[];
  readonly #clients: readonly Client[];
  readonly #observer: Observer;
  readonly #clock: () => number;
  readonly #random;
  readonly #pending = new Set<NodeJS.Timeout>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    options: SimulatorOptions,
    users: readonly User[],
    clients: readonly Client[],
    observer: Observer,
    clock: () => number,
  ) {
    this.#options = options;
    this.#users = users;
    this.#clients = clients;
    this.#observer = observer;
    this.#clock = clock;
    this.#random = seededRandom(options.seed + 1);
  }

  begin(): void {
    const startedAtMs = this.#clock();
    this.#timer = setInterval(() => {
      const due = ((this.#clock() - startedAtMs) / 1_000) * this.#options.sessionsPerSecond;
      while (this.sessions < due) this.#play();
    }, TICK_MS);
  }

  end(): void {
    clearInterval(this.#timer);
    for (const timer of this.#pending) clearTimeout(timer);
  }

  #play(): void {
    const position = this.sessions % this.#users.length;
    const user = this.#users[position];
    const client = this.#clients[position % this.#clients.length];
    this.sessions += 1;
    if (user === undefined || client === undefined) return;
    playSession({
      client,
      user,
      random: this.#random,
      observer: this.#observer,
      later: (delayMs, work) => {
        const timer = setTimeout(() => {
          this.#pending.delete(timer);
          work();
        }, delayMs);
        this.#pending.add(timer);
      },
    });
  }
}

function eventsOf(clients: readonly Client[]): { events: number; dropped: number } {
  const statistics = clients.map((client) => client.statistics().events);
  return {
    events: statistics.reduce((sum, { delivered }) => sum + delivered, 0),
    dropped: statistics.reduce((sum, { dropped }) => sum + dropped, 0),
  };
}

async function backfill(
  users: readonly User[],
  clients: readonly Client[],
  seed: number,
  endsAtMs: number,
  tell: (message: FromSimulator) => void,
): Promise<void> {
  // A few clients are enough, and each waits until what it sent is durable, so that nothing is dropped.
  const [first, second = first] = clients;
  if (first === undefined || second === undefined) throw new RangeError('the simulation needs a client');
  let published = 0;
  for (const outcome of historyOf(users, endsAtMs, seed)) {
    const client = published % 2 === 0 ? first : second;
    client.publish(outcome);
    published += 1;
    if (published % 20_000 !== 0) continue;
    await Promise.all([first.flush(), second.flush()]);
    tell({ kind: 'backfill', published, isOver: false });
  }
  await Promise.all([first.flush(), second.flush()]);
  tell({ kind: 'backfill', published, isOver: true });
}
