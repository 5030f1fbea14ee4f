import type { KafkaMessage } from 'kafkajs';

/** A record as kafkajs decodes it; its types leave out what follows. */
export interface FetchedRecord extends RecordFields {
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean };
  readonly isControlRecord?: boolean;
}
type RecordFields = Pick<KafkaMessage, 'offset' | 'timestamp' | 'key' | 'value'>;

/** From here on, what this producer wrote was given up, up to the marker that says so. */
export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

/** The type of a control record that gives a transaction up, the second number of its key. */
const ABORT = 0;

/**
 * Leaves out markers, and what other producers wrote in transactions that they gave up. Brokers leave that to their readers, and kafkajs
 * to its consumer.
 */
export function committedRecords(
  records: readonly FetchedRecord[],
  aborted: readonly AbortedTransaction[],
): readonly FetchedRecord[] {
  const ahead = aborted
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: BigInt(firstOffset) }))
    .sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const givenUp = new Set<string>();
  return records.filter((record) => {
    while (ahead[0] !== undefined && ahead[0].firstOffset <= BigInt(record.offset)) {
      givenUp.add(ahead[0].producerId);
      ahead.shift();
    }
    const { producerId = '', inTransaction = false } = record.batchContext ?? {};
    if (record.isControlRecord !== true) return !(inTransaction && givenUp.has(producerId));
    if (record.key?.readInt16BE(2) === ABORT) givenUp.delete(producerId);
    return false;
  });
}
