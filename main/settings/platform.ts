import { z } from 'zod';
import { address, oneOf, secret, text, wholeNumber } from './kinds.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** Settings of our own processes. */
export const platformSettings = {
  /** The PostgreSQL of definitions, events and live state. Needed by `umpire serve` and `umpire work`. */
  DATABASE_URL: secret(
    z
      .string()
      .regex(
        /^postgres(ql)?:\/\/.+/,
        'must be a PostgreSQL connection string, such as postgresql://user:password@host:5432/umpire',
      )
      .optional(),
  ),
  /** Where `umpire serve` listens; port 0 takes a free one. */
  UMPIRE_ADDRESS: address('127.0.0.1:7400').default('127.0.0.1:7400'),
  /** Where /healthz, /readyz and /metrics are; default: 127.0.0.1:7401 for `umpire serve`, 127.0.0.1:7402 for `umpire work`. */
  UMPIRE_HTTP_ADDRESS: address('127.0.0.1:7401').optional(),
  /** The server that commands talk to. */
  UMPIRE_SERVER: address('127.0.0.1:7400').default('127.0.0.1:7400'),
  /** A YAML file of the deployment's own event types. */
  UMPIRE_EVENT_TYPES: text().optional(),
  /** How long the embedded event log keeps events that everybody has read. */
  UMPIRE_EVENT_LOG_RETENTION_MS: wholeNumber({ from: 60_000, unit: 'ms', example: 604_800_000 }).default(604_800_000),
  /** How often scorecards are refreshed. */
  UMPIRE_SCORECARD_EVERY_MS: wholeNumber({ from: 1_000, unit: 'ms', example: 60_000 }).default(60_000),
  UMPIRE_LOG_LEVEL: oneOf(LOG_LEVELS).default('info'),
};
