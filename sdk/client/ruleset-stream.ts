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
  #attempt = 0;
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

  get isConnected(): boolean {
    return this.#stream !== undefined && this.#attempt === 0;
  }

  start(): void {
    const { heartbeatIntervalMs, serviceName } = this.#settings;
    const stream = this.#client.watch({
      knownVersion: this.#wantsSnapshot ? 0 : this.#handlers.knownVersion(),
      clientName: serviceName,
      heartbeatIntervalMs,
    });
    this.#stream = stream;
    this.#listenForSilence(stream);
    stream.on('data', (message: WatchResponse) => {
      if (this.#stream !== stream) return;
      this.#listenForSilence(stream);
      this.#wantsSnapshot = !this.#handlers.onMessage(message);
      if (this.#wantsSnapshot) this.#replace(stream, 'the server sent a ruleset that cannot be used');
      else this.#attempt = 0;
    });
    stream.on('error', (error) => this.#replace(stream, error.message));
    stream.on('end', () => this.#replace(stream, 'the server ended the stream'));
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#stream?.cancel();
    this.#stream = undefined;
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
    clearTimeout(this.#silence);
    stream.cancel();
    const waitMs = backoffMs(this.#attempt, this.#settings.maxBackoffMs, this.#settings.random);
    this.#attempt += 1;
    this.#reconnects += 1;
    const message = `the ruleset stream from ${this.#settings.address} broke (${why}); connecting again in ${waitMs} ms`;
    this.#settings.onProblem({ kind: 'connection-lost', message });
    this.#retry = setTimeout(() => this.start(), waitMs).unref();
  }
}
