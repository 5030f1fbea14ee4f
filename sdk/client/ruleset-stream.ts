import type { ClientReadableStream } from '@grpc/grpc-js';
import type { RulesetServiceClient, WatchResponse } from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import { backoffMs } from './backoff.ts';
import type { Settings } from './options.ts';

export interface RulesetStreamHandlers {
  /** The version in force; 0: none. */
  knownVersion(): number;
  /** Takes a message in. Returns false where it cannot be used, so that a whole snapshot is fetched. */
  onMessage(message: WatchResponse): boolean;
}

const SILENT_INTERVALS = 3;

/**
 * Keeps a stream of rulesets open for as long as it is not stopped. A connection that fails, ends or falls silent is replaced, after a
 * backoff with jitter.
 */
export class RulesetStream {
  readonly #client: RulesetServiceClient;
  readonly #settings: Settings;
  readonly #handlers: RulesetStreamHandlers;
  #stream: ClientReadableStream<WatchResponse> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;
  /** Connections in a row that brought nothing of use. */
  #failures = 0;
  /** Refused messages since the last heartbeat: a server that alternates good and bad rulesets must not be asked in a tight loop. */
  #refusals = 0;
  #isConnected = false;
  #wantsSnapshot = false;
  #isStopped = false;
  #reconnects = 0;

  constructor(client: RulesetServiceClient, settings: Settings, handlers: RulesetStreamHandlers) {
    this.#client = client;
    this.#settings = settings;
    this.#handlers = handlers;
  }

  get reconnects(): number {
    return this.#reconnects;
  }

  /** Whether the present stream has brought a message that could be used. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    if (this.#isStopped || this.#stream !== undefined) return;
    const { heartbeatIntervalMs, serviceName } = this.#settings;
    const stream = this.#client.watch({
      knownVersion: this.#wantsSnapshot ? 0 : this.#handlers.knownVersion(),
      clientName: serviceName,
      heartbeatIntervalMs,
    });
    this.#stream = stream;
    this.#listenForSilence(stream);
    stream.on('data', (message: WatchResponse) => this.#take(stream, message));
    stream.on('error', (error) => this.#replace(stream, error.message));
    stream.on('end', () => this.#replace(stream, 'the server ended the stream'));
  }

  stop(): void {
    this.#isStopped = true;
    this.#isConnected = false;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#stream?.cancel();
    this.#stream = undefined;
  }

  #take(stream: ClientReadableStream<WatchResponse>, message: WatchResponse): void {
    if (this.#stream !== stream) return;
    this.#listenForSilence(stream);
    this.#wantsSnapshot = !this.#handlers.onMessage(message);
    if (this.#wantsSnapshot) {
      this.#refusals += 1;
      this.#replace(stream, 'the server sent a ruleset that cannot be used');
      return;
    }
    this.#failures = 0;
    this.#isConnected = true;
    if (message.update?.$case === 'heartbeat') this.#refusals = 0;
  }

  /** A mute connection looks open for many minutes to the operating system; heartbeats tell sooner. */
  #listenForSilence(stream: ClientReadableStream<WatchResponse>): void {
    clearTimeout(this.#silence);
    const silentMs = SILENT_INTERVALS * this.#settings.heartbeatIntervalMs;
    this.#silence = setTimeout(
      () => this.#replace(stream, `the server was silent for ${silentMs} ms`),
      silentMs,
    ).unref();
  }

  #replace(stream: ClientReadableStream<WatchResponse>, why: string): void {
    if (this.#isStopped || this.#stream !== stream) return;
    this.#stream = undefined;
    this.#isConnected = false;
    clearTimeout(this.#silence);
    stream.cancel();
    const attempt = Math.max(this.#failures, this.#refusals);
    const waitMs = backoffMs(attempt, this.#settings.maxBackoffMs, this.#settings.random);
    this.#reconnects += 1;
    this.#retry = setTimeout(() => this.start(), waitMs).unref();
    this.#failures += 1;
    // One report an outage: a server that is away for an hour is one problem, not a thousand.
    if (this.#failures > 1) return;
    const message = `the ruleset stream from ${this.#settings.address} broke (${why}); connecting again in ${waitMs} ms`;
    this.#settings.onProblem({ kind: 'connection-lost', message });
  }
}
