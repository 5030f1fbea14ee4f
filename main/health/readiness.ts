import { setTimeout as delay } from 'node:timers/promises';

/** Something that a process works with. */
export interface HealthPart {
  /** Such as `PostgreSQL`. */
  readonly name: string;
  /** Whether the process is of no use without it. */
  readonly isNeeded: boolean;
  /** What goes on and what stands still while it is down, in a sentence. */
  readonly whileDown: string;
  /** Resolves with what there is to say of it; rejects with the reason where it is down. */
  check(): Promise<string> | string;
}

export interface PartHealth {
  readonly name: string;
  readonly state: 'up' | 'down';
  readonly isNeeded: boolean;
  /** What is known of it, or why it is down and what that means. */
  readonly detail: string;
}

export interface Readiness {
  /** `degraded`: something is down that the process can do without for a while. */
  readonly status: 'ready' | 'degraded' | 'unready';
  readonly parts: readonly PartHealth[];
}

export interface ReadinessOptions {
  /** A part that has not answered after this long is down, in ms. */
  readonly timeoutMs?: number;
  /** A look is not repeated within this time, in ms: whoever asks often asks the same look. */
  readonly freshForMs?: number;
  /** Monotonic, in ms. */
  readonly now?: () => number;
}

const TIMEOUT_MS = 2_000;
const FRESH_FOR_MS = 1_000;

/** Looks at the parts of a process, all at once, and never more often than they can bear. */
export class ReadinessCheck {
  #parts: readonly HealthPart[] = [];
  readonly #timeoutMs: number;
  readonly #freshForMs: number;
  readonly #now: () => number;
  #look: { readonly atMs: number; readonly found: Promise<Readiness> } | null = null;
  /** A check that hangs is waited for again, and not made a second time beside itself. */
  readonly #underWay = new Map<HealthPart, Promise<string>>();
  #stage: 'starting' | 'started' | 'draining' = 'starting';

  constructor(options: ReadinessOptions = {}) {
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#freshForMs = options.freshForMs ?? FRESH_FOR_MS;
    this.#now = options.now ?? (() => performance.now());
  }

  /** The process has started: from now on it is as ready as these are. Until then it is unready. */
  watch(parts: readonly HealthPart[]): void {
    this.#parts = parts;
    this.#look = null;
    if (this.#stage === 'starting') this.#stage = 'started';
  }

  /** From now on unready: the process is about to end. */
  drain(): void {
    this.#stage = 'draining';
  }

  async look(): Promise<Readiness> {
    const { parts, status } = await this.#fresh();
    const detail = UNREADY_STAGES[this.#stage];
    if (detail === undefined) return { status, parts };
    return { status: 'unready', parts: [{ name: 'process', state: 'down', isNeeded: true, detail }, ...parts] };
  }

  #fresh(): Promise<Readiness> {
    const now = this.#now();
    if (this.#look === null || now - this.#look.atMs >= this.#freshForMs) {
      this.#look = { atMs: now, found: this.#lookAtAll() };
    }
    return this.#look.found;
  }

  async #lookAtAll(): Promise<Readiness> {
    const parts = await Promise.all(this.#parts.map((part) => this.#lookAt(part)));
    const down = parts.filter(({ state }) => state === 'down');
    if (down.length === 0) return { status: 'ready', parts };
    return { status: down.some(({ isNeeded }) => isNeeded) ? 'unready' : 'degraded', parts };
  }

  #check(part: HealthPart): Promise<string> {
    const underWay = this.#underWay.get(part);
    if (underWay !== undefined) return underWay;
    const check = (async () => await part.check())().finally(() => this.#underWay.delete(part));
    this.#underWay.set(part, check);
    return check;
  }

  async #lookAt(part: HealthPart): Promise<PartHealth> {
    const { name, isNeeded } = part;
    const answered = new AbortController();
    const tooLate = delay(this.#timeoutMs, undefined, { signal: answered.signal }).then(
      () => {
        throw new Error(`it did not answer within ${this.#timeoutMs} ms`);
      },
      // It answered in time, which is said elsewhere.
      () => '',
    );
    try {
      const detail = await Promise.race([this.#check(part), tooLate]);
      return { name, state: 'up', isNeeded, detail };
    } catch (error) {
      return { name, state: 'down', isNeeded, detail: `${reasonOf(error)}; ${part.whileDown}` };
    } finally {
      answered.abort();
    }
  }
}

const UNREADY_STAGES: Readonly<Record<string, string>> = {
  starting: 'it is starting',
  draining: 'it is stopping: it finishes what it has and takes nothing new',
};

/** Drivers put the reasons of several addresses into one error without words of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
