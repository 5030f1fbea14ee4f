import { credentials, Metadata } from '@grpc/grpc-js';
import {
  AssignmentServiceClient,
  ErrorCode,
  type LinkOutcome,
} from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { EventServiceClient } from '@third-umpire/proto/umpire/events/v1/events';
import { RulesetServiceClient } from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import type { EvaluateOptions, Evaluation, EvaluationContext } from '../evaluation/evaluation.ts';
import { failure } from '../evaluation/outcomes.ts';
import { DecisionClock } from '../evaluation/window.ts';
import type { Client, ClientStatistics, Outcome } from './client.ts';
import { deadlineIn } from './deadline.ts';
import { EventBuffer } from './event-buffer.ts';
import { Exposer } from './exposer.ts';
import { IdentityLinks } from './identity-links.ts';
import { settingsOf, type ClientOptions, type Settings } from './options.ts';
import { outcomeEvent } from './outcome-event.ts';
import { RulesetHolder } from './ruleset-holder.ts';
import { RulesetStream } from './ruleset-stream.ts';
import { WrongTypes } from './wrong-types.ts';

const READY_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 5_000;
const LINK_TIMEOUT_MS = 5_000;
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

/**
 * Connects to a Third Umpire server. Returns at once: until `ready()` every decision is the caller's default, with
 * `ERROR_CODE_NOT_READY`.
 *
 * @throws RangeError for options that cannot be
 */
export function createClient(options: ClientOptions): Client {
  return new GrpcClient(settingsOf(options));
}

class GrpcClient implements Client {
  readonly #settings: Settings;
  readonly #holder: RulesetHolder;
  readonly #stream: RulesetStream;
  readonly #buffer: EventBuffer;
  readonly #exposer: Exposer;
  readonly #rulesets: RulesetServiceClient;
  readonly #assignments: AssignmentServiceClient;
  readonly #events: EventServiceClient;
  readonly #links = new IdentityLinks();
  readonly #wrongTypes = new WrongTypes();
  #closed: Promise<{ undelivered: number }> | undefined;
  readonly #clock: DecisionClock;
  readonly #fresh: EvaluateOptions;
  readonly #stale: EvaluateOptions;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#clock = new DecisionClock(settings.clock);
    const options = { hashedUserAs: this.#links.deviceOf, clock: this.#clock.now };
    this.#fresh = Object.freeze({ isStale: false, ...options });
    this.#stale = Object.freeze({ isStale: true, ...options });
    const security = credentials.createInsecure();
    const channel = {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': settings.maxBackoffMs,
      // A pool shared between clients would tie their connections together.
      'grpc.use_local_subchannel_pool': 1,
    };
    this.#rulesets = new RulesetServiceClient(settings.address, security, channel);
    this.#assignments = new AssignmentServiceClient(settings.address, security, channel);
    this.#events = new EventServiceClient(settings.address, security, channel);
    this.#holder = new RulesetHolder(settings);
    this.#buffer = new EventBuffer(this.#events, settings);
    this.#exposer = new Exposer(settings, this.#holder, this.#buffer);
    this.#stream = new RulesetStream(this.#rulesets, settings, {
      knownVersion: () => this.#holder.compiled?.version ?? 0,
      onMessage: (message) => this.#holder.take(message),
    });
    void this.#holder.load().then(() => this.#stream.start());
  }

  async ready(timeoutMs = READY_TIMEOUT_MS): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      const message = `no ruleset from ${this.#settings.address} within ${timeoutMs} ms, and none on disk; is the server running?`;
      timer = setTimeout(() => reject(new Error(message)), timeoutMs);
    });
    try {
      await Promise.race([this.#holder.ready(), expired]);
    } finally {
      clearTimeout(timer);
    }
  }

  evaluate(flagKey: string, context: EvaluationContext): Evaluation {
    const { compiled } = this.#holder;
    if (compiled === null) {
      return failure(flagKey, ErrorCode.ERROR_CODE_NOT_READY, 'no ruleset has come yet; await ready() first');
    }
    this.#clock.begin();
    return compiled.evaluate(flagKey, context, this.#holder.isStale ? this.#stale : this.#fresh);
  }

  boolean(flagKey: string, context: EvaluationContext, otherwise: boolean): boolean {
    const { value } = this.evaluate(flagKey, context);
    if (typeof value === 'boolean') return value;
    if (value !== undefined) this.#wrongTypes.tell(flagKey, 'boolean', value, this.#settings);
    return otherwise;
  }

  string(flagKey: string, context: EvaluationContext, otherwise: string): string {
    const { value } = this.evaluate(flagKey, context);
    if (typeof value === 'string') return value;
    if (value !== undefined) this.#wrongTypes.tell(flagKey, 'string', value, this.#settings);
    return otherwise;
  }

  number(flagKey: string, context: EvaluationContext, otherwise: number): number {
    const { value } = this.evaluate(flagKey, context);
    if (typeof value === 'number') return value;
    if (value !== undefined) this.#wrongTypes.tell(flagKey, 'number', value, this.#settings);
    return otherwise;
  }

  json<T>(flagKey: string, context: EvaluationContext, otherwise: T): T {
    const { value } = this.evaluate(flagKey, context);
    return value === undefined ? otherwise : (value as T);
  }

  expose(flagKey: string, context: EvaluationContext): Evaluation {
    const evaluation = this.evaluate(flagKey, context);
    this.#exposer.expose(evaluation, context, this.#fresh);
    return evaluation;
  }

  publish(outcome: Outcome): boolean {
    return this.#buffer.add(outcomeEvent(outcome, this.#settings));
  }

  link(userId: string, deviceId: string): Promise<LinkOutcome> {
    return new Promise((resolve, reject) => {
      const options = { deadline: deadlineIn(LINK_TIMEOUT_MS) };
      this.#assignments.linkIdentity({ userId, deviceId }, new Metadata(), options, (error, response) => {
        if (error !== null) {
          reject(error);
          return;
        }
        this.#links.set(userId, response.hashedDeviceId === '' ? null : response.hashedDeviceId);
        resolve(response.outcome);
      });
    });
  }

  flush(): Promise<void> {
    return this.#buffer.flush();
  }

  statistics(): ClientStatistics {
    return {
      rulesetVersion: this.#holder.compiled?.version ?? 0,
      isStale: this.#holder.isStale,
      isConnected: this.#stream.isConnected,
      reconnects: this.#stream.reconnects,
      refusedRulesets: this.#holder.refused,
      events: this.#buffer.statistics,
    };
  }

  close(timeoutMs = CLOSE_TIMEOUT_MS): Promise<{ undelivered: number }> {
    return (this.#closed ??= this.#close(timeoutMs));
  }

  async #close(timeoutMs: number): Promise<{ undelivered: number }> {
    this.#stream.stop();
    await this.#buffer.close(timeoutMs);
    await this.#holder.close();
    for (const client of [this.#rulesets, this.#assignments, this.#events]) client.close();
    return { undelivered: this.#buffer.statistics.buffered };
  }
}
