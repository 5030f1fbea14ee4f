/** Events that were in a partition are gone: the consumer was away for longer than they are kept. */
export class EventsExpiredError extends Error {
  constructor(topic: string, partition: number, from: bigint, to: bigint) {
    super(
      `partition ${partition} of ${topic}: the events from offset ${from} to ${to - 1n} are gone, because they are older than the ` +
        `topic keeps them; reading goes on at ${to}. Keep events for longer than a consumer may be away (KAFKA_RETENTION_MS)`,
    );
    this.name = 'EventsExpiredError';
  }
}

/** A consumer reads on at a place that the log does not have. */
export class LogEndsBeforeError extends Error {
  constructor(topic: string, partition: number, offset: bigint, end: bigint) {
    super(
      `partition ${partition} of ${topic} ends at ${end}, before the place ${offset} where this consumer reads on: the topic was made ` +
        'anew, or lost events. Nothing is read until the consumer begins anew or the topic is as it was',
    );
    this.name = 'LogEndsBeforeError';
  }
}
