import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import {
  FORMAT_VERSION,
  FRAME,
  FRAME_HEAD_BYTES,
  MAGIC,
  MAX_PAYLOAD_BYTES,
  UnusableBackupError,
  type BackupHeader,
  type BackupSummary,
  type BackupTable,
  type TableCount,
} from './archive-format.ts';
import { asBackupHeader, asBackupTable, asDigest, asTableCount } from './archive-documents.ts';

const inflate = promisify(inflateRaw);

const TORN = 'ends in the middle: it is torn; take another copy of it';
const DAMAGED = 'is not what was written: it was damaged or edited; take another copy of it';

/** What comes out of a file, in order. */
export type ArchivePart =
  | { readonly kind: 'header'; readonly header: BackupHeader }
  | { readonly kind: 'table'; readonly table: BackupTable }
  | { readonly kind: 'rows'; readonly rows: Buffer }
  | { readonly kind: 'table-end'; readonly count: TableCount }
  /** The last one: every byte before it is what was written. */
  | { readonly kind: 'end'; readonly sha256: string; readonly bytes: number };

/**
 * Reads a backup from its beginning to its end, checking as it goes.
 * @throws UnusableBackupError where the file is torn, damaged, edited, of a newer format, or no backup at all
 */
export async function* readArchive(file: string): AsyncGenerator<ArchivePart, void, undefined> {
  const handle = await open(file, 'r');
  try {
    yield* partsOf(new CheckedFile(handle, file));
  } finally {
    await handle.close();
  }
}

/** Reads the whole file without restoring anything. @throws UnusableBackupError */
export async function checkArchive(file: string): Promise<BackupSummary> {
  let header: BackupHeader | undefined;
  const tables: TableCount[] = [];
  for await (const part of readArchive(file)) {
    if (part.kind === 'header') header = part.header;
    else if (part.kind === 'table-end') tables.push(part.count);
    else if (part.kind === 'end') {
      if (header === undefined || tables.length !== header.tables.length) throw new UnusableBackupError(file, DAMAGED);
      return { header, tables, bytes: part.bytes, sha256: part.sha256 };
    }
  }
  throw new UnusableBackupError(file, TORN);
}

async function* partsOf(file: CheckedFile): AsyncGenerator<ArchivePart, void, undefined> {
  await readBeginning(file);
  for (;;) {
    const sha256 = file.digest();
    const head = await file.read(FRAME_HEAD_BYTES);
    const length = head.readUInt32BE(1);
    if (length > MAX_PAYLOAD_BYTES) throw new UnusableBackupError(file.name, DAMAGED);
    const payload = await file.read(length);
    const part = await file.whole(() => partOf(head.readUInt8(), payload, file.bytes));
    if (part.kind === 'end') {
      if (part.sha256 !== sha256 || !(await file.isAtEnd())) throw new UnusableBackupError(file.name, DAMAGED);
      yield part;
      return;
    }
    yield part;
  }
}

async function readBeginning(file: CheckedFile): Promise<void> {
  const magic = await file.read(MAGIC.length);
  if (!magic.equals(MAGIC)) throw new UnusableBackupError(file.name, 'is no backup of a control store');
  const version = (await file.read(4)).readUInt32BE();
  if (version <= FORMAT_VERSION && version >= 1) return;
  throw new UnusableBackupError(
    file.name,
    `has format ${version}, and this build reads up to ${FORMAT_VERSION}; restore it with the version of umpire that wrote it, or a newer one`,
  );
}

async function partOf(kind: number, payload: Buffer, bytes: number): Promise<ArchivePart> {
  switch (kind) {
    case FRAME.header:
      return { kind: 'header', header: asBackupHeader(parse(payload)) };
    case FRAME.table:
      return { kind: 'table', table: asBackupTable(parse(payload)) };
    case FRAME.rows:
      return { kind: 'rows', rows: await inflate(payload, { maxOutputLength: MAX_PAYLOAD_BYTES }) };
    case FRAME.tableEnd:
      return { kind: 'table-end', count: asTableCount(parse(payload)) };
    case FRAME.end:
      return { kind: 'end', sha256: asDigest(parse(payload)), bytes };
    default:
      throw new TypeError(`a frame of kind ${kind}`);
  }
}

function parse(payload: Buffer): unknown {
  return JSON.parse(payload.toString('utf8'));
}

/** A file that is hashed while it is read. */
class CheckedFile {
  readonly name: string;
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  bytes = 0;

  constructor(handle: FileHandle, name: string) {
    this.#handle = handle;
    this.name = name;
  }

  /** @throws UnusableBackupError where the file ends before */
  async read(length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled);
      if (bytesRead === 0) throw new UnusableBackupError(this.name, TORN);
      filled += bytesRead;
    }
    this.#hash.update(buffer);
    this.bytes += length;
    return buffer;
  }

  async isAtEnd(): Promise<boolean> {
    return (await this.#handle.read(Buffer.alloc(1), 0, 1)).bytesRead === 0;
  }

  /** Of everything that was read so far. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** What cannot be decoded was not written so. @throws UnusableBackupError */
  async whole<T>(decode: () => Promise<T>): Promise<T> {
    try {
      return await decode();
    } catch (error) {
      throw new UnusableBackupError(this.name, DAMAGED, { cause: error });
    }
  }
}
