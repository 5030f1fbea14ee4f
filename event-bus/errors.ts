/** More events wait to be stored than a process should hold in memory; none of the refused ones was stored. */
export class EventLogBacklogError extends Error {
  constructor(waiting: number, store: string) {
    super(
      `the event log takes no more for the moment: ${waiting} events of one partition wait to be stored, because ${store} is ` +
        'away or too slow. Nothing of this call was stored in that partition; publish it again later',
    );
    this.name = 'EventLogBacklogError';
  }
}

/** The store did not confirm in time: the events may or may not be stored. */
export class EventLogUnavailableError extends Error {
  constructor(cause: unknown) {
    super(
      'the event log did not confirm the events in time, so they may or may not be stored. Publish them again with the same ids: ' +
        'doubles are dropped downstream',
      { cause },
    );
    this.name = 'EventLogUnavailableError';
  }
}

/** The log has another number of partitions than was asked for. */
export class PartitionCountError extends Error {
  constructor(existing: number, wanted: number, log: string, elsewhere: string) {
    super(
      `${log} has ${existing} partitions, not ${wanted}: changing the number would break the order of keys. ` +
        `Keep ${existing}, or start a new log ${elsewhere}`,
    );
    this.name = 'PartitionCountError';
  }
}
