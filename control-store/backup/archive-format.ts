/**
 * The file of a backup: the magic text, the version of the format, then frames. A frame is one byte that says what it is, the length of
 * its payload (4 bytes, big-endian) and the payload. Documents are JSON; rows are PostgreSQL's COPY text, deflated.
 *
 *     HEADER  (TABLE ROWS* TABLE_END)*  END
 *
 * END holds the SHA-256 of every byte before it, and nothing comes after it.
 */
export const MAGIC = Buffer.from('UMPIREBK');
export const FORMAT_VERSION = 1;

export const FRAME_HEAD_BYTES = 5;
/** Far more than a writer makes: a length beyond it is damage, not data. */
export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

export const FRAME = { header: 1, table: 2, rows: 3, tableEnd: 4, end: 5 } as const;
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

export interface BackupTable {
  readonly name: string;
  /** In the order of the rows' fields. */
  readonly columns: readonly string[];
}

/** The next value that a column numbers its rows by. */
export interface BackupSequence {
  readonly table: string;
  readonly column: string;
  readonly lastValue: string;
  readonly isCalled: boolean;
}

export interface BackupHeader {
  /** Ms since 1970 UTC, by PostgreSQL's clock: the moment that the backup shows. */
  readonly createdAtMs: number;
  /** The migrations that the schema had, in order. */
  readonly migrations: readonly string[];
  /** The newest published ruleset. */
  readonly rulesetVersion: number;
  readonly tables: readonly BackupTable[];
  readonly sequences: readonly BackupSequence[];
}

export interface TableCount {
  readonly name: string;
  readonly rows: number;
}

/** What a whole file holds. */
export interface BackupSummary {
  readonly header: BackupHeader;
  readonly tables: readonly TableCount[];
  readonly bytes: number;
  /** SHA-256 of the file's content, as hexadecimal digits. */
  readonly sha256: string;
}

/** The file is no backup that this build can restore; nothing was touched. */
export class UnusableBackupError extends Error {
  override readonly name = 'UnusableBackupError';
  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`${file} ${problem}`, options);
  }
}
