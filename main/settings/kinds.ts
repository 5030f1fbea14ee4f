import { accessSync, constants, statSync } from 'node:fs';
import { z } from 'zod';

// The kinds of settings. Each message is the rest of a sentence that begins with the name of the variable.

const MAX_PORT = 65_535;

const ADDRESS = /^(?:[^\s:/]+|\[[\da-fA-F:]+\]):(\d{1,5})$/;

/** `host:port`. */
export function address(example: string) {
  return z.string().refine(isAddress, `must be host:port, such as ${example}`);
}

/** `host:port`, or several of them with commas between. */
export function addresses(example: string) {
  return z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every(isAddress), `must be host:port, or several with commas between, such as ${example}`);
}

function isAddress(text: string): boolean {
  return Number(ADDRESS.exec(text)?.[1] ?? Infinity) <= MAX_PORT;
}

export interface WholeNumberOptions {
  readonly from: number;
  readonly to?: number;
  /** What is counted, such as ms. */
  readonly unit: string;
  readonly example: number;
}

export function wholeNumber({ from, to, unit, example }: WholeNumberOptions) {
  return z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number of ${unit}, such as ${example}`)
    .transform(Number)
    .refine((value) => value >= from, `must be at least ${from} ${unit}`)
    .refine((value) => to === undefined || value <= to, `must be at most ${to ?? ''} ${unit}`);
}

/** A part of one, above 0 and at most 1. */
export function ratio(example: number) {
  return z
    .string()
    .refine(
      (text) => /^(0?\.\d{1,6}|0|1|1\.0*)$/.test(text) && Number(text) > 0,
      `must be a number above 0 and at most 1, such as ${example}`,
    )
    .transform(Number);
}

/** `true` or `false`. */
export function yesOrNo() {
  return z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true');
}

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

/** Any text that is not empty. */
export function text() {
  return z.string().min(1, 'must not be empty');
}

/** The path of a file that this process can read, looked at when the settings are read. */
export function readableFile(what: string) {
  return z.string().superRefine((file, context) => {
    const problem = whyUnreadable(file);
    if (problem !== null) context.addIssue(`must name a file with ${what}: ${problem}`);
  });
}

function whyUnreadable(file: string): string | null {
  try {
    accessSync(file, constants.R_OK);
    return statSync(file).isFile() ? null : 'that is not a file';
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'there is none';
    if (code === 'EACCES') return 'this process may not read it';
    return error.message;
  }
}

/** Marks a setting whose value no message repeats. To be called last, around the default or `optional()`. */
export function secret<Kind extends z.ZodType>(kind: Kind): Kind {
  return kind.meta({ isSecret: true });
}

export function isSecret(kind: z.ZodType): boolean {
  return kind.meta()?.['isSecret'] === true;
}
