import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import type { z } from 'zod';
import { address, addresses, isSecret, ratio, readableFile, secret, text, wholeNumber, yesOrNo } from './kinds.ts';
import { needs, notBoth, together } from './rules.ts';

test('an address is a host and a port, also of IPv6', () => {
  const kind = address('127.0.0.1:7400');
  for (const good of ['db:1', '[::1]:65535', '0.0.0.0:0']) assert.equal(kind.parse(good), good);
  for (const bad of ['db', 'db:', 'db:65536', 'http://db:1', '::1:5', 'a b:1']) assert.ok(messageOf(kind, bad), bad);
  assert.deepEqual(addresses('a:1').parse('a:1, b:2'), ['a:1', 'b:2']);
  assert.match(messageOf(addresses('a:1'), 'a:1,,b:2'), /several with commas/);
});

test('numbers are whole, within their bounds, and say their unit', () => {
  const kind = wholeNumber({ from: 2, to: 10, unit: 'threads', example: 4 });
  assert.equal(kind.parse('10'), 10);
  assert.equal(messageOf(kind, '1.5'), 'must be a whole number of threads, such as 4');
  assert.equal(messageOf(kind, '1'), 'must be at least 2 threads');
  assert.equal(messageOf(kind, '11'), 'must be at most 10 threads');
  assert.equal(ratio(0.8).parse('.5'), 0.5);
  for (const bad of ['0', '0.0', '1.1', '-1', '1e-3', '']) assert.ok(messageOf(ratio(0.8), bad), bad);
});

test('yes or no is true or false and nothing that looks like it', () => {
  assert.equal(yesOrNo().parse('true'), true);
  assert.equal(yesOrNo().parse('false'), false);
  for (const bad of ['1', 'TRUE', 'yes']) assert.equal(messageOf(yesOrNo(), bad), 'must be true or false');
});

test('a file has to be there, and to be a file, when the settings are read', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'umpire-settings-'));
  try {
    const file = path.join(directory, 'ca.pem');
    const kind = readableFile('certificates');
    assert.equal(messageOf(kind, file), 'must name a file with certificates: there is none');
    assert.equal(messageOf(kind, directory), 'must name a file with certificates: that is not a file');
    writeFileSync(file, 'x');
    assert.equal(kind.parse(file), file);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a secret stays one behind its default', () => {
  assert.equal(isSecret(secret(text().optional())), true);
  assert.equal(isSecret(text().optional()), false);
});

test('rules name what is missing and why', () => {
  const isSet = (name: string): boolean => name === 'A';
  const none = (): undefined => undefined;
  assert.deepEqual(together(['A', 'B'], 'they are a pair')(isSet, none), ['B must be set where A is: they are a pair']);
  assert.deepEqual(together(['B', 'C'], 'they are a pair')(isSet, none), []);
  assert.deepEqual(needs('A', 'B', 'it is used by it')(isSet, none), ['B must be set where A is: it is used by it']);
  assert.deepEqual(needs('B', 'A', 'it is used by it')(isSet, none), []);
  assert.deepEqual(
    notBoth('A', 'B', 'take one')(() => true, none),
    ['A and B are both set: take one'],
  );
  assert.deepEqual(notBoth('A', 'B', 'take one')(isSet, none), []);
});

function messageOf(kind: z.ZodType, value: string): string {
  return kind.safeParse(value).error?.issues[0]?.message ?? '';
}
