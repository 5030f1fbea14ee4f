/** Of the bus and of what it is compared with. */
export const PARTITIONS = 4;

/** How a process of the benchmark opens the bus. */
export interface BusAddress {
  readonly kind: 'embedded' | 'kafka';
  readonly address: string;
}

/** One event bus, with the barest program that could do each half of its work. */
export interface BusUnderTest {
  readonly kind: BusAddress['kind'];
  readonly address: string;
  /** Stores messages durably with nothing but the engine's own client. Resolves with how long it took, ms. */
  bareProduce(round: number, messages: readonly BareMessage[]): Promise<number>;
  /** Reads what `bareProduce` stored in that round with nothing but the engine's own client. Resolves with how long it took, ms. */
  bareConsume(round: number, count: number): Promise<number>;
  stop(): Promise<void>;
}

/** A message as it is stored: ready bytes. */
export interface BareMessage {
  readonly key: string;
  readonly text: string;
}
