import type { RulesetDelta } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { WatchResponse } from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import type { CompiledRuleset } from '@third-umpire/sdk';

/** A message that is encoded already: all watchers share its bytes. */
export type EncodedUpdate = Buffer;

/** One open stream of rulesets. */
export interface WatcherStream {
  /** Returns false where the caller does not read as fast as it is written. */
  write(message: EncodedUpdate): boolean;
}

/**
 * Brings one caller from version to version. A caller who reads slowly misses the versions in between and gets the newest as a whole when
 * he reads again, so that no more waits for him than his stream takes before it says no (16 messages, whose bytes all watchers share).
 */
export class Watcher {
  readonly #stream: WatcherStream;
  readonly #encoder: UpdateEncoder;
  #version: number;
  #isBlocked = false;

  constructor(stream: WatcherStream, encoder: UpdateEncoder, knownVersion: number) {
    this.#stream = stream;
    this.#encoder = encoder;
    this.#version = knownVersion;
  }

  /** Brings the caller to a ruleset. */
  update(compiled: CompiledRuleset, delta: RulesetDelta | null): void {
    if (this.#isBlocked || compiled.version === this.#version) return;
    const isNext = delta !== null && delta.baseVersion === this.#version;
    this.#write(isNext ? this.#encoder.delta(delta) : this.#encoder.snapshot(compiled));
    this.#version = compiled.version;
  }

  heartbeat(compiled: CompiledRuleset, nowMs: number): void {
    if (this.#isBlocked) return;
    const value = { version: compiled.version, sentAt: new Date(nowMs) };
    this.#write(encode({ update: { $case: 'heartbeat', value } }));
  }

  /** The caller reads again. */
  unblock(compiled: CompiledRuleset): void {
    this.#isBlocked = false;
    this.update(compiled, null);
  }

  #write(message: EncodedUpdate): void {
    this.#isBlocked = !this.#stream.write(message);
  }
}

/** Encodes each version once, however many watch. */
export class UpdateEncoder {
  #snapshot: { readonly of: CompiledRuleset; readonly message: EncodedUpdate } | undefined;
  #delta: { readonly of: RulesetDelta; readonly message: EncodedUpdate } | undefined;

  snapshot(compiled: CompiledRuleset): EncodedUpdate {
    if (this.#snapshot?.of !== compiled) {
      this.#snapshot = { of: compiled, message: encode({ update: { $case: 'snapshot', value: compiled.ruleset } }) };
    }
    return this.#snapshot.message;
  }

  delta(delta: RulesetDelta): EncodedUpdate {
    if (this.#delta?.of !== delta) {
      this.#delta = { of: delta, message: encode({ update: { $case: 'delta', value: delta } }) };
    }
    return this.#delta.message;
  }
}

function encode(response: WatchResponse): EncodedUpdate {
  return Buffer.from(WatchResponse.encode(response).finish());
}
