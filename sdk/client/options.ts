import type { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';

export interface ClientOptions {
  /** `host:port` of a Third Umpire server. */
  readonly address: string;
  /** The service that asks; goes into every event, and operators see it. */
  readonly serviceName: string;
  /** Where the last ruleset is kept, with its kills, for a start while the server is away. Absent: not kept. One folder a process. */
  readonly dataDirectory?: string;
  /** After this long without a word from the server, unshipped experiments serve control; default 5 minutes. */
  readonly maxStalenessMs?: number;
  /** How often the server says that it is alive, 100 to 60,000 ms; default 5,000. After three silent intervals the client connects anew. */
  readonly heartbeatIntervalMs?: number;
  /** Longest wait before a new connection, in ms; default 5,000. Waits begin at 100 and double, with full jitter. */
  readonly maxBackoffMs?: number;
  /** Events that may wait to be sent; default 20,000. Beyond it new ones are dropped, and counted in `statistics()`. */
  readonly maxBufferedEvents?: number;
  /** The most events in one message, up to 5,000; default 500. */
  readonly maxBatchSize?: number;
  /** How long an event may wait for company, in ms; default 200. */
  readonly flushEveryMs?: number;
  /** Ms since 1970 UTC. */
  readonly clock?: () => number;
  /** Uniform on [0, 1); only for jitter. */
  readonly random?: () => number;
  /** Told of everything that the client survives by itself; default: a process warning. */
  readonly onProblem?: (problem: ClientProblem) => void;
  /** Told after a ruleset came into force. */
  readonly onRuleset?: (ruleset: Ruleset) => void;
}

export interface ClientProblem {
  readonly kind:
    | 'connection-lost'
    | 'ruleset-refused'
    | 'stale'
    | 'stored-ruleset-unusable'
    | 'ruleset-not-stored'
    | 'events-dropped'
    | 'events-rejected'
    | 'events-delayed'
    | 'wrong-type'
    | 'callback-failed';
  /** A sentence. */
  readonly message: string;
}

export interface Settings extends Required<Omit<ClientOptions, 'dataDirectory' | 'onRuleset'>> {
  readonly dataDirectory: string | null;
  readonly onRuleset: (ruleset: Ruleset) => void;
}

const DEFAULTS = {
  maxStalenessMs: 5 * 60_000,
  heartbeatIntervalMs: 5_000,
  maxBackoffMs: 5_000,
  maxBufferedEvents: 20_000,
  maxBatchSize: 500,
  flushEveryMs: 200,
};

/** What the server takes in one message. */
const MAX_BATCH_SIZE = 5_000;

/** @throws RangeError naming the option that cannot be */
export function settingsOf(options: ClientOptions): Settings {
  for (const name of ['address', 'serviceName'] as const) {
    if (typeof options[name] !== 'string' || options[name] === '') {
      throw new RangeError(`createClient: ${name} is missing; give it as a text`);
    }
  }
  const onProblem = guarded(options.onProblem ?? warn, ({ message }, error) =>
    warn({ kind: 'callback-failed', message: `onProblem threw ${String(error)} when told: ${message}` }),
  );
  const settings: Settings = {
    clock: Date.now,
    random: Math.random,
    ...DEFAULTS,
    ...withoutUndefined(options),
    dataDirectory: options.dataDirectory ?? null,
    onProblem,
    onRuleset: guarded(options.onRuleset ?? (() => undefined), (_, error) =>
      onProblem({ kind: 'callback-failed', message: `onRuleset threw ${String(error)}` }),
    ),
  };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const value = settings[name];
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`createClient: ${name} must be a whole number above 0, got ${value}`);
    }
  }
  if (settings.maxBatchSize > MAX_BATCH_SIZE) {
    throw new RangeError(`createClient: maxBatchSize must be at most ${MAX_BATCH_SIZE}, got ${settings.maxBatchSize}`);
  }
  if (settings.heartbeatIntervalMs < 100 || settings.heartbeatIntervalMs > 60_000) {
    throw new RangeError(
      `createClient: heartbeatIntervalMs must be 100 to 60,000, got ${settings.heartbeatIntervalMs}`,
    );
  }
  return settings;
}

/** Callers without types write `clock: undefined` and mean the default. */
function withoutUndefined(options: ClientOptions): ClientOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), address: options.address, serviceName: options.serviceName };
}

/** A callback of the service that throws must stop neither decisions nor the stream of rulesets. */
function guarded<T>(callback: (argument: T) => void, onError: (argument: T, error: unknown) => void) {
  return (argument: T): void => {
    try {
      callback(argument);
    } catch (error) {
      onError(argument, error);
    }
  };
}

function warn({ kind, message }: ClientProblem): void {
  process.emitWarning(`third-umpire: ${message}`, { code: kind });
}
