import { EvaluateResponse } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { Evaluation } from '@third-umpire/sdk';
import { responseOf, type Decision } from './decision.ts';

const UNIT_ID_TAG = (8 << 3) | 2;
const RULESET_VERSION_TAG = (9 << 3) | 0;
const RESPONSES_TAG = (1 << 3) | 2;
const SEQUENCE_TAG = (1 << 3) | 0;
const RESPONSE_TAG = (2 << 3) | 2;

/** Evaluations are shared by all units that are decided alike, and so is all of their encoding but the unit and the version. */
const heads = new WeakMap<Evaluation, Buffer>();

function headOf(evaluation: Evaluation): Buffer {
  const known = heads.get(evaluation);
  if (known !== undefined) return known;
  const response = responseOf({ evaluation, unitId: '', rulesetVersion: 0 });
  const head = Buffer.from(EvaluateResponse.encode(response).finish());
  heads.set(evaluation, head);
  return head;
}

/** Encodes an `EvaluateResponse`. Protobuf's fields may come in any order, so the unit and the version follow the shared part. */
export function encodeDecision(decision: Decision): Buffer {
  const bytes = Buffer.allocUnsafe(sizeOf(decision));
  write(decision, bytes, 0);
  return bytes;
}

/** Encodes an `EvaluateBatchResponse`. */
export function encodeDecisions(decisions: readonly Decision[]): Buffer {
  const sizes = decisions.map(sizeOf);
  const total = sizes.reduce((sum, size) => sum + 1 + varintSize(size) + size, 0);
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  decisions.forEach((decision, index) => {
    bytes[at] = RESPONSES_TAG;
    at = writeVarint(sizes[index] ?? 0, bytes, at + 1);
    at = write(decision, bytes, at);
  });
  return bytes;
}

/** Encodes an `EvaluateStreamResponse`. */
export function encodeStreamed({
  sequence,
  decision,
}: {
  readonly sequence: number;
  readonly decision: Decision;
}): Buffer {
  const size = sizeOf(decision);
  const bytes = Buffer.allocUnsafe(2 + varintSize(sequence) + varintSize(size) + size);
  bytes[0] = SEQUENCE_TAG;
  let at = writeVarint(sequence, bytes, 1);
  bytes[at] = RESPONSE_TAG;
  at = writeVarint(size, bytes, at + 1);
  write(decision, bytes, at);
  return bytes;
}

function sizeOf({ evaluation, unitId, rulesetVersion }: Decision): number {
  const unitBytes = Buffer.byteLength(unitId);
  const unitSize = unitBytes === 0 ? 0 : 1 + varintSize(unitBytes) + unitBytes;
  return headOf(evaluation).length + unitSize + 1 + varintSize(rulesetVersion);
}

function write({ evaluation, unitId, rulesetVersion }: Decision, bytes: Buffer, start: number): number {
  const head = headOf(evaluation);
  head.copy(bytes, start);
  let at = start + head.length;
  if (unitId !== '') {
    bytes[at] = UNIT_ID_TAG;
    at = writeVarint(Buffer.byteLength(unitId), bytes, at + 1);
    at += bytes.write(unitId, at);
  }
  bytes[at] = RULESET_VERSION_TAG;
  return writeVarint(rulesetVersion, bytes, at + 1);
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

function writeVarint(value: number, bytes: Buffer, start: number): number {
  let at = start;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80;
  bytes[at++] = rest;
  return at;
}
