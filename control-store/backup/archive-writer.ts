import { createHash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import {
  FORMAT_VERSION,
  FRAME,
  MAGIC,
  type BackupHeader,
  type BackupSummary,
  type BackupTable,
  type FrameKind,
  type TableCount,
} from './archive-format.ts';

const deflate = promisify(deflateRaw);

/** COPY text that goes into one frame. */
const BLOCK_BYTES = 256 * 1024;
/** It holds the ids of users: only its owner reads it. */
const MODE = 0o600;

/** Writes a backup beside its place and moves it there when it is whole and on disk. */
export class ArchiveWriter {
  readonly #file: FileHandle;
  readonly #target: string;
  readonly #header: BackupHeader;
  readonly #hash = createHash('sha256');
  readonly #tables: TableCount[] = [];
  #bytes = 0;
  #isClosed = false;

  private constructor(file: FileHandle, target: string, header: BackupHeader) {
    this.#file = file;
    this.#target = target;
    this.#header = header;
  }

  static async begin(target: string, header: BackupHeader): Promise<ArchiveWriter> {
    const file = await open(unfinished(target), 'w', MODE);
    const writer = new ArchiveWriter(file, target, header);
    const version = Buffer.alloc(4);
    version.writeUInt32BE(FORMAT_VERSION);
    await writer.#write(Buffer.concat([MAGIC, version]));
    await writer.#document(FRAME.header, header);
    return writer;
  }

  /**
   * Writes the rows of one table.
   * @param countRows how many rows `chunks` held; asked for once they are read
   */
  async table(
    table: BackupTable,
    chunks: AsyncIterable<Buffer>,
    countRows: () => number,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    await this.#document(FRAME.table, table);
    let waiting: Buffer[] = [];
    let waitingBytes = 0;
    const flush = async (): Promise<void> => {
      if (waitingBytes === 0) return;
      await this.#frame(FRAME.rows, await deflate(Buffer.concat(waiting)));
      onBytes(waitingBytes);
      waiting = [];
      waitingBytes = 0;
    };
    for await (const chunk of chunks) {
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes >= BLOCK_BYTES) await flush();
    }
    await flush();
    const count: TableCount = { name: table.name, rows: countRows() };
    this.#tables.push(count);
    await this.#document(FRAME.tableEnd, count);
  }

  async finish(): Promise<BackupSummary> {
    const sha256 = this.#hash.copy().digest('hex');
    await this.#document(FRAME.end, { sha256 });
    await this.#file.sync();
    await this.#close();
    await rename(unfinished(this.#target), this.#target);
    await syncFolder(path.dirname(path.resolve(this.#target)));
    return { header: this.#header, tables: this.#tables, bytes: this.#bytes, sha256 };
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.#close();
    await rm(unfinished(this.#target), { force: true });
  }

  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
  }

  async #document(kind: FrameKind, document: object): Promise<void> {
    await this.#frame(kind, Buffer.from(JSON.stringify(document)));
  }

  async #frame(kind: FrameKind, payload: Buffer): Promise<void> {
    const head = Buffer.alloc(5);
    head.writeUInt8(kind);
    head.writeUInt32BE(payload.length, 1);
    await this.#write(Buffer.concat([head, payload]));
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    // One `write` may take less than it is given, on a disk that fills up.
    await this.#file.writeFile(bytes);
  }
}

function unfinished(target: string): string {
  return `${target}.unfinished`;
}

/** The rename itself is on disk only once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
