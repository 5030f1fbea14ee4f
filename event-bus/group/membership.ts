/** A member's seat in a consumer group: it says which partitions are this member's, and keeps them from everyone else's. */
export interface GroupMembership {
  /** The partitions that are this member's share now. Rejects where the seat is lost: they may have other readers already. */
  share(): Promise<ReadonlySet<number>>;
  /** Whether the partition is now this member's alone. */
  tryTake(partition: number): Promise<boolean>;
  /** Lets others read the partition; nothing of it may be at hand any more. */
  giveBack(partition: number): Promise<void>;
  /** Gives everything back. */
  leave(): Promise<void>;
}

export interface MembershipEvents {
  /** Aborted when the seat is not wanted any more: joining is given up. */
  readonly signal: AbortSignal;
  /** The seat broke or was taken away. */
  onLost(error: Error): void;
  /** The share changed: look at once. */
  onChange(): void;
}
