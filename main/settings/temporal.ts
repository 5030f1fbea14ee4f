import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parsePayloadKeys, PayloadKeysError, type PayloadKeys } from '../../payload-codec/payload-keys.ts';
import { address, ratio, readableFile, secret, text, wholeNumber, yesOrNo } from './kinds.ts';
import { notBoth, together, type Rule } from './rules.ts';

/** Settings of Temporal. Those of the connection have the names that Temporal's own command line and SDKs use. */
export const temporalSettings = {
  /** Any Temporal cluster. */
  TEMPORAL_ADDRESS: address('127.0.0.1:7233').default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: text().default('default'),
  /** Whether the connection is encrypted; default: where one of the following is set. */
  TEMPORAL_TLS: yesOrNo().optional(),
  /** Who signed the server's certificate; default: whom the system trusts. */
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: readableFile('certificates in PEM').optional(),
  TEMPORAL_TLS_CLIENT_CERT_PATH: readableFile('a certificate in PEM').optional(),
  TEMPORAL_TLS_CLIENT_KEY_PATH: readableFile('a private key in PEM').optional(),
  /** The name in the server's certificate, where it is not that of the address. */
  TEMPORAL_TLS_SERVER_NAME: text().optional(),
  /** Sent as a bearer token with every call, as Temporal Cloud wants it. */
  TEMPORAL_API_KEY: secret(text().optional()),
  /** The `temporal` command that `umpire up` and the demo start. */
  TEMPORAL_CLI_PATH: text().optional(),
  UMPIRE_TASK_QUEUE: text().default('umpire'),
  ...workerSettings(),
  ...encryptionSettings(),
};

/** Settings of the connection: whoever starts a server of his own empties them, so that they do not reach for another one. */
export const TEMPORAL_CONNECTION_SETTINGS = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_NAME',
  'TEMPORAL_API_KEY',
  'TEMPORAL_DEPLOYMENT_NAME',
  'TEMPORAL_WORKER_BUILD_ID',
  'UMPIRE_TASK_QUEUE',
] as const;

const TLS_DETAILS = [
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_NAME',
];

export const TEMPORAL_RULES: readonly Rule[] = [
  together(
    ['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'],
    'a certificate is of no use without its key',
  ),
  together(['TEMPORAL_DEPLOYMENT_NAME', 'TEMPORAL_WORKER_BUILD_ID'], 'a version is a build of a deployment'),
  together(['UMPIRE_WORKER_TARGET_MEMORY', 'UMPIRE_WORKER_TARGET_CPU'], 'the worker is tuned by both'),
  ...['UMPIRE_MAX_ACTIVITIES', 'UMPIRE_MAX_WORKFLOW_TASKS'].map((name) =>
    notBoth(name, 'UMPIRE_WORKER_TARGET_MEMORY', 'a worker has fixed limits or is tuned by its resources'),
  ),
  notBoth('UMPIRE_PAYLOAD_KEYS', 'UMPIRE_PAYLOAD_KEYS_FILE', 'keep the keys in one place'),
  (_isSet, valueOf) => {
    const given = TLS_DETAILS.filter((name) => valueOf(name) !== undefined);
    if (valueOf('TEMPORAL_TLS') !== 'false' || given.length === 0) return [];
    return [`TEMPORAL_TLS is false where ${given.join(', ')} is set: an unencrypted connection has no certificates`];
  },
];

function workerSettings() {
  return {
    /** Activities that a worker runs at once. */
    UMPIRE_MAX_ACTIVITIES: wholeNumber({ from: 1, unit: 'activities', example: 100 }).optional(),
    /** Workflow tasks that a worker runs at once. */
    UMPIRE_MAX_WORKFLOW_TASKS: wholeNumber({ from: 2, unit: 'workflow tasks', example: 40 }).optional(),
    /** Workflows that a worker keeps in memory; others are replayed when something happens to them. */
    UMPIRE_MAX_CACHED_WORKFLOWS: wholeNumber({ from: 0, unit: 'workflows', example: 250 }).optional(),
    /** Instead of fixed limits: as much at once as keeps memory and processor below these parts of what there is. */
    UMPIRE_WORKER_TARGET_MEMORY: ratio(0.8).optional(),
    UMPIRE_WORKER_TARGET_CPU: ratio(0.9).optional(),
    /** Turns worker versioning on: this worker is one build of that deployment. The names are those of Temporal's worker controller. */
    TEMPORAL_DEPLOYMENT_NAME: text().optional(),
    TEMPORAL_WORKER_BUILD_ID: text().optional(),
  };
}

function encryptionSettings() {
  return {
    /** Keys that payloads are encrypted with, as `id:key`; the first encrypts, the others still decrypt. */
    UMPIRE_PAYLOAD_KEYS: secret(z.string().transform(readKeys).optional()),
    /** The same in a file, one a line. */
    UMPIRE_PAYLOAD_KEYS_FILE: readableFile('keys for payloads').transform(readKeysFile).optional(),
    /** Where `umpire codec-server` listens. */
    UMPIRE_CODEC_ADDRESS: address('127.0.0.1:7403').default('127.0.0.1:7403'),
    /** Pages that may ask the codec server: where Temporal's UI is, with commas between. */
    UMPIRE_CODEC_ORIGINS: z
      .string()
      .transform((origins) => origins.split(',').map((origin) => origin.trim()))
      .refine(
        (origins) => origins.every(isOrigin),
        'must be origins such as https://temporal.example.com, with commas between',
      )
      .default(['http://127.0.0.1:8233', 'http://localhost:8233', 'http://127.0.0.1:8080', 'http://localhost:8080']),
    /** What callers of the codec server have to show as a bearer token. */
    UMPIRE_CODEC_TOKEN: secret(z.string().min(16, 'must have at least 16 characters').optional()),
  };
}

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

function readKeysFile(file: string, context: z.RefinementCtx): PayloadKeys {
  return readKeys(readFileSync(file, 'utf8'), context);
}

function readKeys(written: string, context: z.RefinementCtx): PayloadKeys {
  try {
    return parsePayloadKeys(written);
  } catch (error) {
    if (!(error instanceof PayloadKeysError)) throw error;
    context.addIssue(`cannot be used: ${error.message}`);
    return z.NEVER;
  }
}
