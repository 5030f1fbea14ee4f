import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import {
  EventServiceService,
  type EventServiceClient,
  type PublishResponse,
} from '@third-umpire/proto/umpire/events/v1/events';
import { backoffMs } from './backoff.ts';
import { deadlineIn } from './deadline.ts';
import type { EncodedEvent } from './encoded-event.ts';
import type { Settings } from './options.ts';

export interface DeliveryCounts {
  delivered: number;
  deadLettered: number;
  rejected: number;
}

const SEND_TIMEOUT_MS = 10_000;
/** One event of this size is refused for its size; a smaller one because the server is busy. */
const LARGE_EVENT_BYTES = 512 * 1024;
/** The server says that what it was sent is no batch of events: sending the same again would be answered the same. */
const FINAL_CODES: ReadonlySet<number> = new Set([status.INVALID_ARGUMENT, status.OUT_OF_RANGE]);

/** Sends batches until they are settled: each event durable on the server, or refused by it as no event at all. */
export class EventSender {
  readonly counts: DeliveryCounts = { delivered: 0, deadLettered: 0, rejected: 0 };
  readonly #client: EventServiceClient;
  readonly #settings: Settings;
  readonly #stopping: AbortSignal;

  constructor(client: EventServiceClient, settings: Settings, stopping: AbortSignal) {
    this.#client = client;
    this.#settings = settings;
    this.#stopping = stopping;
  }

  /** Returns what was not settled before sending was stopped. */
  async send(batch: readonly EncodedEvent[]): Promise<readonly EncodedEvent[]> {
    for (let attempt = 0; !this.#stopping.aborted; attempt += 1) {
      const answer = await this.#publish(batch);
      if ('acknowledgements' in answer) {
        this.#count(batch, answer);
        return [];
      }
      if (this.#stopping.aborted) break;
      if (FINAL_CODES.has(answer.code)) return await this.#sendHalves(batch, answer);
      if (attempt === 0) this.#tellOfDelay(answer);
      await this.#rest(backoffMs(attempt, this.#settings.maxBackoffMs, this.#settings.random));
      // Too large, or too much for now: after the rest, smaller messages serve either.
      const isTooMuch = answer.code === status.RESOURCE_EXHAUSTED;
      if (isTooMuch && (batch.length > 1 || isLarge(batch))) return await this.#sendHalves(batch, answer);
    }
    return batch;
  }

  /** One bad event must not take its neighbours with it. */
  async #sendHalves(batch: readonly EncodedEvent[], error: ServiceError): Promise<readonly EncodedEvent[]> {
    const [first] = batch;
    if (first === undefined) return [];
    if (batch.length === 1) {
      this.counts.rejected += 1;
      const message = `the server refused event ${first.eventId} of type "${first.eventType}": ${error.details}`;
      this.#settings.onProblem({ kind: 'events-rejected', message });
      return [];
    }
    const middle = batch.length >> 1;
    const left = await this.send(batch.slice(0, middle));
    if (left.length > 0) return [...left, ...batch.slice(middle)];
    return await this.send(batch.slice(middle));
  }

  #publish(batch: readonly EncodedEvent[]): Promise<PublishResponse | ServiceError> {
    const { path, responseDeserialize } = EventServiceService.publish;
    return new Promise((resolve) => {
      const stop = (): void => call.cancel();
      const call = this.#client.makeUnaryRequest(
        path,
        requestOf,
        responseDeserialize,
        batch,
        new Metadata(),
        { deadline: deadlineIn(SEND_TIMEOUT_MS) },
        (error, response) => {
          this.#stopping.removeEventListener('abort', stop);
          resolve(error ?? answerFor(batch, response));
        },
      );
      this.#stopping.addEventListener('abort', stop);
    });
  }

  #count(batch: readonly EncodedEvent[], { acknowledgements }: PublishResponse): void {
    this.counts.delivered += batch.length;
    const misfits = acknowledgements.filter(({ reason }) => reason !== '');
    this.counts.deadLettered += misfits.length;
    const [misfit] = misfits;
    if (misfit === undefined) return;
    const eventType = batch.find(({ eventId }) => eventId === misfit.eventId)?.eventType ?? '';
    const message = `${misfits.length} events went to the dead letters; the first is ${misfit.eventId} of type "${eventType}": ${misfit.reason}`;
    this.#settings.onProblem({ kind: 'events-rejected', message });
  }

  #tellOfDelay({ details }: ServiceError): void {
    const message = `events could not be sent to ${this.#settings.address} (${details}); they are kept and sent again`;
    this.#settings.onProblem({ kind: 'events-delayed', message });
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        this.#stopping.removeEventListener('abort', over);
        resolve();
      };
      const timer = setTimeout(over, ms);
      this.#stopping.addEventListener('abort', over);
    });
  }
}

function isLarge([event]: readonly EncodedEvent[]): boolean {
  return event !== undefined && event.bytes.length >= LARGE_EVENT_BYTES;
}

/** Each event is encoded as a request with one event; put one after the other they are the request with all of them. */
function requestOf(batch: readonly EncodedEvent[]): Buffer {
  return Buffer.concat(batch.map(({ bytes }) => bytes));
}

/** An answer that does not speak of every event vouches for none. */
function answerFor(
  batch: readonly EncodedEvent[],
  response: PublishResponse | undefined,
): PublishResponse | ServiceError {
  const count = response?.acknowledgements.length ?? 0;
  if (response !== undefined && count === batch.length) return response;
  const details = `the server acknowledged ${count} of ${batch.length} events`;
  return Object.assign(new Error(details), { code: status.INTERNAL, details, metadata: new Metadata() });
}
