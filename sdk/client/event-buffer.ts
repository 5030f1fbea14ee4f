import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { Event, EventServiceClient, PublishResponse } from '@third-umpire/proto/umpire/events/v1/events';
import { backoffMs } from './backoff.ts';
import { deadlineIn } from './deadline.ts';
import type { Settings } from './options.ts';

export interface EventStatistics {
  /** Taken into the buffer. */
  readonly accepted: number;
  /** Durable on the server, in the log or, with a reason, in its dead letters. */
  readonly delivered: number;
  /** Of those delivered: did not fit their schema. */
  readonly deadLettered: number;
  /** Refused because the buffer was full. */
  readonly dropped: number;
  /** Refused by the server as no event at all. */
  readonly rejected: number;
  /** Waiting now. */
  readonly buffered: number;
}

const SEND_TIMEOUT_MS = 10_000;
/** Sending the same again would be answered the same. */
const FINAL_CODES: ReadonlySet<number> = new Set([
  status.INVALID_ARGUMENT,
  status.RESOURCE_EXHAUSTED,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.PERMISSION_DENIED,
]);

/**
 * Events on their way to the server: bounded, sent in batches and in order, tried again until delivered. When it is full new events are
 * dropped and counted, because a service that decides must not stop for the sake of what it logs.
 */
export class EventBuffer {
  readonly #client: EventServiceClient;
  readonly #settings: Settings;
  #waiting: Event[] = [];
  #inFlight = 0;
  #counts = { accepted: 0, delivered: 0, deadLettered: 0, dropped: 0, rejected: 0 };
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isDropping = false;
  readonly #stopping = new AbortController();

  constructor(client: EventServiceClient, settings: Settings) {
    this.#client = client;
    this.#settings = settings;
  }

  get statistics(): EventStatistics {
    return { ...this.#counts, buffered: this.#waiting.length + this.#inFlight };
  }

  /** Returns false where the event was dropped. */
  add(event: Event): boolean {
    const { maxBufferedEvents, maxBatchSize, flushEveryMs } = this.#settings;
    if (this.#stopping.signal.aborted || this.#waiting.length + this.#inFlight >= maxBufferedEvents) {
      this.#drop();
      return false;
    }
    this.#isDropping = false;
    this.#counts.accepted += 1;
    this.#waiting.push(event);
    if (this.#waiting.length >= maxBatchSize) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), flushEveryMs).unref();
    return true;
  }

  /** Resolves once everything that was added before is delivered, or sending was given up. */
  async flush(): Promise<void> {
    this.#send();
    await this.#sending;
  }

  /** Delivers what waits, for at most `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#stopping.abort(), timeoutMs);
    try {
      await this.flush();
    } finally {
      clearTimeout(timer);
      clearTimeout(this.#timer);
      this.#stopping.abort();
    }
  }

  #drop(): void {
    this.#counts.dropped += 1;
    if (this.#isDropping) return;
    this.#isDropping = true;
    const message = `${this.#settings.maxBufferedEvents} events wait to be sent; new ones are dropped until some are delivered`;
    this.#settings.onProblem({ kind: 'events-dropped', message });
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length > 0 && !this.#stopping.signal.aborted) this.#send();
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#stopping.signal.aborted) {
      const batch = this.#waiting.splice(0, this.#settings.maxBatchSize);
      this.#inFlight = batch.length;
      const isSettled = await this.#deliver(batch);
      this.#inFlight = 0;
      if (!isSettled) this.#waiting.unshift(...batch);
    }
  }

  /** Returns false where the buffer was closed before the batch was settled. */
  async #deliver(batch: readonly Event[]): Promise<boolean> {
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt += 1) {
      const answer = await this.#publish(batch);
      if ('acknowledgements' in answer) {
        this.#counts.delivered += batch.length;
        this.#counts.deadLettered += answer.acknowledgements.filter(({ reason }) => reason !== '').length;
        return true;
      }
      if (FINAL_CODES.has(answer.code)) return await this.#deliverHalves(batch, answer);
      if (attempt === 0) {
        const message = `events could not be sent to ${this.#settings.address} (${answer.details}); they are kept and sent again`;
        this.#settings.onProblem({ kind: 'events-delayed', message });
      }
      await this.#rest(backoffMs(attempt, this.#settings.maxBackoffMs, this.#settings.random));
    }
    return false;
  }

  /** One bad event must not take its neighbours with it. */
  async #deliverHalves(batch: readonly Event[], error: ServiceError): Promise<boolean> {
    if (batch.length > 1) {
      const middle = batch.length >> 1;
      return (await this.#deliver(batch.slice(0, middle))) && (await this.#deliver(batch.slice(middle)));
    }
    this.#counts.rejected += 1;
    const message = `the server refused event ${batch[0]?.eventId} of type "${batch[0]?.eventType}": ${error.details}`;
    this.#settings.onProblem({ kind: 'events-rejected', message });
    return true;
  }

  #publish(batch: readonly Event[]): Promise<PublishResponse | ServiceError> {
    return new Promise((resolve) => {
      const options = { deadline: deadlineIn(SEND_TIMEOUT_MS) };
      const call = this.#client.publish({ events: [...batch] }, new Metadata(), options, (error, response) => {
        resolve(error ?? response);
      });
      this.#stopping.signal.addEventListener('abort', () => call.cancel(), { once: true });
    });
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#stopping.signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }
}
