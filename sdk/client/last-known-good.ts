import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { encodeInSlices } from './encode-in-slices.ts';

/** A ruleset as it was kept, with the time of the last word from the server before that. */
export interface KeptRuleset {
  readonly ruleset: Ruleset;
  readonly heardAtMs: number;
}

/** The file is not what was written: torn, damaged or of another version. It is not used. */
export class DamagedRulesetFileError extends Error {
  override readonly name = 'DamagedRulesetFileError';
}

/**
 * What a client with this `dataDirectory` would begin with; null where it kept nothing.
 *
 * @throws DamagedRulesetFileError
 */
export async function readLastKnownGood(dataDirectory: string): Promise<KeptRuleset | null> {
  return await new LastKnownGood(dataDirectory).read();
}

const FILE = 'ruleset.bin';
const MAGIC = Buffer.from('TUR1');
const DIGEST_BYTES = 32;
const HEADER_BYTES = MAGIC.length + DIGEST_BYTES + 8;

/** Keeps the last ruleset, with the kills that are in it, in one checksummed file: magic, SHA-256 of the rest, time, ruleset. */
export class LastKnownGood {
  readonly #file: string;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.#file = path.join(directory, FILE);
  }

  /** Resolves with null where nothing was kept. @throws DamagedRulesetFileError */
  async read(): Promise<KeptRuleset | null> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.#file);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
    const payload = bytes.subarray(MAGIC.length + DIGEST_BYTES);
    const isWhole =
      bytes.length >= HEADER_BYTES &&
      bytes.subarray(0, MAGIC.length).equals(MAGIC) &&
      bytes.subarray(MAGIC.length, MAGIC.length + DIGEST_BYTES).equals(createHash('sha256').update(payload).digest());
    if (!isWhole) {
      throw new DamagedRulesetFileError(`${this.#file} is damaged and is not used; it is replaced by the next ruleset`);
    }
    return { heardAtMs: payload.readDoubleBE(0), ruleset: Ruleset.decode(payload.subarray(8)) };
  }

  /** Replaces what was kept, all at once: a process that dies in the middle leaves the old file. */
  async write({ ruleset, heardAtMs }: KeptRuleset): Promise<void> {
    const time = Buffer.alloc(8);
    time.writeDoubleBE(heardAtMs);
    const digest = createHash('sha256').update(time);
    const payload: Uint8Array[] = [time];
    for await (const slice of encodeInSlices(ruleset)) {
      digest.update(slice);
      payload.push(slice);
    }
    await mkdir(this.#directory, { recursive: true });
    const unfinished = `${this.#file}.${randomUUID()}.unfinished`;
    try {
      const file = await open(unfinished, 'wx');
      try {
        await file.writev([MAGIC, digest.digest(), ...payload]);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, this.#file);
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  /** Removes what processes left that were killed while they wrote. Only before this process writes for the first time. */
  async removeUnfinished(): Promise<void> {
    let names: string[];
    try {
      names = await readdir(this.#directory);
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    const unfinished = names.filter((name) => name.startsWith(`${FILE}.`) && name.endsWith('.unfinished'));
    await Promise.all(unfinished.map((name) => rm(path.join(this.#directory, name), { force: true })));
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
