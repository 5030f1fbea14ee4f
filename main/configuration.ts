import { z } from 'zod';

const port = z.string().regex(/^[^\s:]+:\d{1,5}$/, 'must be host:port, such as 127.0.0.1:7400');

const environment = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgresql://')
    .optional(),
  TEMPORAL_ADDRESS: port.default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_CLI_PATH: z.string().min(1).optional(),
  UMPIRE_ADDRESS: port.default('127.0.0.1:7400'),
  UMPIRE_SERVER: port.default('127.0.0.1:7400'),
  UMPIRE_WAREHOUSE_FILE: z.string().min(1).default('.third-umpire/warehouse.duckdb'),
  UMPIRE_EVENT_TYPES: z.string().min(1).optional(),
  UMPIRE_SCORECARD_EVERY_MS: z.coerce.number().int('must be a whole number of ms').min(1_000).default(60_000),
  UMPIRE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

/** Everything that is set from outside. */
export type Configuration = z.infer<typeof environment>;

/** A setting that cannot be used; the message names the variable and says how to mend it. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Reads the settings from environment variables.
 *
 * @throws ConfigurationError
 */
export function readConfiguration(variables: NodeJS.ProcessEnv = process.env): Configuration {
  const result = environment.safeParse(
    Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== '')),
  );
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ConfigurationError(`the environment cannot be used: ${problems.join('; ')}`);
}

/** @throws ConfigurationError where no database is named */
export function requireDatabase({ DATABASE_URL: url }: Configuration): string {
  if (url !== undefined) return url;
  throw new ConfigurationError(
    'DATABASE_URL is not set; give a PostgreSQL connection string, or run `umpire up`, which brings its own PostgreSQL',
  );
}
