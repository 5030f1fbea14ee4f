/** How far one consumer group is with one partition, as seen by this process. */
export interface ConsumerLag {
  readonly group: string;
  readonly partition: number;
  /** Events that were handled since this process began to read. */
  readonly handled: number;
  /** Events that are published and not handled yet. */
  readonly lag: number;
}

/** What a bus did since it was opened. Counters only grow. */
export interface BusMetrics {
  /** Events that are durable. */
  readonly published: number;
  /** Events and messages that went to the dead letters. */
  readonly deadLettered: number;
  /** Attempts to store a batch that failed and were made again. */
  readonly failedAttempts: number;
  /** Events that wait to be stored. */
  readonly waiting: number;
  readonly consumers: readonly ConsumerLag[];
}
