import type { EventBatch } from '../port.ts';
import { readableCopy } from '../readable-copy.ts';
import type { ConsumerDefinition } from './start-consumer.ts';
import { isBug, isEventsFault } from './unprocessable-event-error.ts';

type BatchEvent = EventBatch['events'][number];

/** An event that could not be handled. */
export interface Poison {
  readonly partition: number;
  readonly event: BatchEvent;
  readonly error: Error;
}

/** A batch that is given again and again. */
interface FailingBatch {
  readonly nextOffset: bigint;
  /** How often it failed by an event's fault. */
  faults: number;
  /** What is before was handled meanwhile, or is in the dead letters. */
  doneUpTo: bigint;
}

const ATTEMPTS = 3;
/** So many bugs one after the other are not the events' fault: nothing is blamed then, and the consumer stands until it is mended. */
const MAX_BUGS_IN_A_ROW = 10;

/** Hands the batches of one partition to a consumer's function, and sorts out the events that it can never take. */
export class PartitionHandler {
  readonly #definition: ConsumerDefinition;
  #failing: FailingBatch | undefined;
  /** In the dead letters already, though the position is not stored yet. */
  #buried: bigint | undefined;
  #bugsInARow = 0;

  constructor(definition: ConsumerDefinition) {
    this.#definition = definition;
  }

  /** Rejects where the batch is to be given again. */
  async handle(batch: EventBatch): Promise<void> {
    if (this.#failing?.nextOffset !== batch.nextOffset) this.#failing = undefined;
    const doneUpTo = this.#failing?.doneUpTo ?? 0n;
    const rest = { ...batch, events: batch.events.filter(({ offset }) => offset >= doneUpTo) };
    try {
      await this.#definition.handle(rest);
      this.#bugsInARow = 0;
    } catch (error) {
      if (!isEventsFault(error)) throw error;
      this.#failing ??= { nextOffset: batch.nextOffset, faults: 0, doneUpTo };
      this.#failing.faults += 1;
      if (this.#failing.faults < (this.#definition.attempts ?? ATTEMPTS)) throw error;
      await this.#splitUp(rest, asError(error));
    }
    this.#failing = undefined;
  }

  /** Finds the events that are at fault by halving, so that the others are handled, all in their order. */
  async #splitUp(batch: EventBatch, error: Error): Promise<void> {
    const [first] = batch.events;
    if (first === undefined) throw error;
    if (batch.events.length === 1) {
      await this.#bury(batch, first, error);
      return;
    }
    const middle = Math.ceil(batch.events.length / 2);
    const left = batch.events.slice(0, middle);
    const leftEnd = (left.at(-1)?.offset ?? 0n) + 1n;
    await this.#settle({ ...batch, events: left, nextOffset: leftEnd });
    await this.#settle({ ...batch, events: batch.events.slice(middle) });
  }

  async #settle(part: EventBatch): Promise<void> {
    try {
      await this.#definition.handle(part);
      this.#bugsInARow = 0;
    } catch (error) {
      if (!isEventsFault(error)) throw error;
      await this.#splitUp(part, asError(error));
    }
    if (this.#failing !== undefined) this.#failing.doneUpTo = part.nextOffset;
  }

  /** First the letter, then the position: an event is in the dead letters twice rather than nowhere. */
  async #bury(part: EventBatch, event: BatchEvent, error: Error): Promise<void> {
    const { bus, group, offsets, handle, onDeadLetter } = this.#definition;
    if (this.#buried !== event.offset) {
      if (isBug(error) && this.#bugsInARow >= MAX_BUGS_IN_A_ROW) throw error;
      const place = `partition ${part.partition}, offset ${event.offset}`;
      const reason = `event: consumer ${group} cannot handle it (${place}): ${error.message}`;
      await bus.deadLetter([{ reason, payload: readableCopy(event) }]);
      this.#buried = event.offset;
      this.#bugsInARow += isBug(error) ? 1 : 0;
      onDeadLetter?.({ partition: part.partition, event, error });
    }
    if (offsets !== undefined) await handle({ ...part, events: [] });
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
