import type { Event, EventServiceClient } from '@third-umpire/proto/umpire/events/v1/events';
import { encodeEvent, type EncodedEvent } from './encoded-event.ts';
import { EventSender } from './event-sender.ts';
import type { Settings } from './options.ts';

export interface EventStatistics {
  /** Taken into the buffer. */
  readonly accepted: number;
  /** Durable on the server, in the log or, with a reason, in its dead letters. */
  readonly delivered: number;
  /** Of those delivered: did not fit their schema. */
  readonly deadLettered: number;
  /** Not taken, because the buffer was full or the client closed. */
  readonly dropped: number;
  /** Refused as no event at all: by the client, where it cannot be encoded, or by the server. */
  readonly rejected: number;
  /** Waiting now. */
  readonly buffered: number;
}

/** Whatever `maxBufferedEvents` says, no more memory than this is held. */
const MAX_BUFFERED_BYTES = 128 * 1024 * 1024;
/** A quarter of what a server takes in one message. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Events on their way to the server: bounded, sent in batches and in order, tried again until delivered. When it is full new events are
 * dropped and counted, because a service that decides must not stop for the sake of what it logs.
 */
export class EventBuffer {
  readonly #settings: Settings;
  readonly #sender: EventSender;
  readonly #stopping = new AbortController();
  /** Waiting, or in flight at the front. */
  #waiting: EncodedEvent[] = [];
  #waitingBytes = 0;
  #counts = { accepted: 0, dropped: 0, rejected: 0 };
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isDropping = false;
  #isClosed = false;

  constructor(client: EventServiceClient, settings: Settings) {
    this.#settings = settings;
    this.#sender = new EventSender(client, settings, this.#stopping.signal);
  }

  get statistics(): EventStatistics {
    const { delivered, deadLettered, rejected } = this.#sender.counts;
    const { accepted, dropped } = this.#counts;
    const buffered = this.#waiting.length;
    return { accepted, delivered, deadLettered, dropped, rejected: this.#counts.rejected + rejected, buffered };
  }

  /** Returns false where the event was not taken. */
  add(event: Event): boolean {
    if (this.#isClosed) return this.#drop('the client is closed; new events are dropped');
    const { maxBufferedEvents, maxBatchSize, flushEveryMs } = this.#settings;
    if (this.#waiting.length >= maxBufferedEvents || this.#waitingBytes >= MAX_BUFFERED_BYTES) {
      return this.#drop(
        `${this.#waiting.length} events wait to be sent; new ones are dropped until some are delivered`,
      );
    }
    const encoded = this.#encode(event);
    if (encoded === null) return false;
    this.#isDropping = false;
    this.#counts.accepted += 1;
    this.#waiting.push(encoded);
    this.#waitingBytes += encoded.bytes.length;
    if (this.#waiting.length >= maxBatchSize) this.#send();
    else if (this.#sending === undefined) this.#timer ??= setTimeout(() => this.#send(), flushEveryMs).unref();
    return true;
  }

  /** Resolves once everything that was added before is delivered, however long that takes, or the buffer is closed. */
  async flush(): Promise<void> {
    this.#send();
    await this.#sending;
  }

  /** Takes nothing more, and delivers what waits, for at most `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    const timer = setTimeout(() => this.#stopping.abort(), timeoutMs);
    try {
      await this.flush();
    } finally {
      clearTimeout(timer);
      clearTimeout(this.#timer);
      this.#stopping.abort();
    }
  }

  #encode(event: Event): EncodedEvent | null {
    try {
      return encodeEvent(event);
    } catch (error) {
      this.#counts.rejected += 1;
      const message = `event ${event.eventId} of type "${event.eventType}" cannot be sent: ${String(error)}`;
      this.#settings.onProblem({ kind: 'events-rejected', message });
      return null;
    }
  }

  #drop(message: string): false {
    this.#counts.dropped += 1;
    // Once for each time that the buffer fills up.
    if (!this.#isDropping) this.#settings.onProblem({ kind: 'events-dropped', message });
    this.#isDropping = true;
    return false;
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0 || this.#stopping.signal.aborted) return;
    this.#sending ??= this.#drain();
  }

  /** Ends in the same turn in which it finds nothing waiting, so that an event added right then starts the next one. */
  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#stopping.signal.aborted) {
      const batch = this.#nextBatch();
      const unsettled = await this.#sender.send(batch);
      const settled = this.#waiting.splice(0, batch.length - unsettled.length);
      for (const { bytes } of settled) this.#waitingBytes -= bytes.length;
    }
    this.#sending = undefined;
  }

  #nextBatch(): readonly EncodedEvent[] {
    let count = 0;
    let bytes = 0;
    for (const event of this.#waiting) {
      bytes += event.bytes.length;
      if (count > 0 && (bytes > MAX_BATCH_BYTES || count >= this.#settings.maxBatchSize)) break;
      count += 1;
    }
    return this.#waiting.slice(0, count);
  }
}
