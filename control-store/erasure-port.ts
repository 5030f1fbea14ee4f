import type { Actor } from './port.ts';

/** Whom an erasure is about. Held only until it is finished. */
export interface ErasureSubject {
  readonly erasureId: string;
  readonly userId: string;
  /** Those that were named, and those that are linked to the user. */
  readonly deviceIds: readonly string[];
  /** What happened up to then is erased, whenever it arrives; what happens later belongs to a user who came back. Ms since 1970 UTC. */
  readonly untilMs: number;
  readonly isDryRun: boolean;
}

/** Rows of one place, such as a table. */
export interface FoundRows {
  readonly place: string;
  readonly rows: number;
}

/** What one store was found to hold of a user. */
export interface StoreFindings {
  readonly store: string;
  readonly found: readonly FoundRows[];
  /** How it can be looked up once more, with `:user`, `:devices` and `:until` in place of what must not be written down. */
  readonly query: string;
  /** What stays, where and for how long, a sentence each. */
  readonly notes: readonly string[];
}

/** What an erasure did, without saying whose it was. */
export interface ErasureReceipt {
  readonly before: readonly StoreFindings[];
  /** After the last step. Empty for a dry run. */
  readonly after: readonly StoreFindings[];
  readonly rowsFound: number;
  readonly rowsLeft: number;
  readonly deviceCount: number;
}

export interface ErasureRecord {
  readonly erasureId: string;
  /** A keyed hash of the user's id: the same user has the same one, and nobody reads the id from it without this store's key. */
  readonly subjectHash: string;
  readonly requestedAtMs: number;
  readonly actor: Actor;
  readonly isDryRun: boolean;
  readonly untilMs: number;
  readonly finishedAtMs: number | null;
  /** Null until it is finished. */
  readonly receipt: ErasureReceipt | null;
}

/** Ids whose past is erased. */
export interface ErasedIds {
  readonly size: number;
  /** Grows with every change. */
  readonly version: number;
  /** Until when, in ms since 1970 UTC; undefined: it never was. */
  untilMs(id: string): number | undefined;
}

/** The right to be forgotten, as far as the control store keeps it. */
export interface ErasureStore {
  /** Notes the request and marks the ids as erased, in one transaction. An unfinished request for the same user is gone on with. */
  request(request: {
    readonly userId: string;
    readonly deviceIds: readonly string[];
    readonly isDryRun: boolean;
    readonly actor: Actor;
  }): Promise<ErasureRecord>;
  /** Null once it is finished: then nobody knows any more whom it was about. @throws NotFoundError */
  subject(erasureId: string): Promise<ErasureSubject | null>;
  /** Stores the receipt and forgets the ids. A second time changes nothing. */
  finish(erasureId: string, receipt: ErasureReceipt): Promise<ErasureRecord>;
  /** @throws NotFoundError */
  get(erasureId: string): Promise<ErasureRecord>;
  /** The ids that are erased, as they were at most `maxAgeMs` ago. */
  erased(maxAgeMs: number): Promise<ErasedIds>;
  /** What the control store itself holds. */
  find(subject: ErasureSubject): Promise<StoreFindings>;
  erase(subject: ErasureSubject): Promise<void>;
  close(): Promise<void>;
}
