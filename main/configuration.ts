import { z } from 'zod';

const MAX_PORT = 65_535;

const ADDRESS = /^(?:[^\s:/]+|\[[\da-fA-F:]+\]):(\d{1,5})$/;

function address(example: string) {
  return z
    .string()
    .refine((text) => Number(ADDRESS.exec(text)?.[1] ?? Infinity) <= MAX_PORT, `must be host:port, such as ${example}`);
}

function wholeNumber({
  from,
  unit,
  example,
}: {
  readonly from: number;
  readonly unit: string;
  readonly example: number;
}) {
  return z
    .string()
    .regex(/^\d{1,12}$/, `must be a whole number of ${unit}, such as ${example}`)
    .transform(Number)
    .refine((value) => value >= from, `must be at least ${from} ${unit}`);
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** Every setting, in the order of the README's table. */
const environment = z.object({
  /** The PostgreSQL of definitions, events and live state. Needed by `umpire serve` and `umpire work`. */
  DATABASE_URL: z
    .string()
    .regex(
      /^postgres(ql)?:\/\/.+/,
      'must be a PostgreSQL connection string, such as postgresql://user:password@host:5432/umpire',
    )
    .optional(),
  /** Any Temporal cluster. */
  TEMPORAL_ADDRESS: address('127.0.0.1:7233').default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  /** The `temporal` command that `umpire up` and the demo start. */
  TEMPORAL_CLI_PATH: z.string().min(1).optional(),
  /** Where `umpire serve` listens; port 0 takes a free one. */
  UMPIRE_ADDRESS: address('127.0.0.1:7400').default('127.0.0.1:7400'),
  /** The server that commands talk to. */
  UMPIRE_SERVER: address('127.0.0.1:7400').default('127.0.0.1:7400'),
  /** The DuckDB file, which `umpire work` alone opens. */
  UMPIRE_WAREHOUSE_FILE: z.string().min(1).default('.third-umpire/warehouse.duckdb'),
  /** A YAML file of the deployment's own event types. */
  UMPIRE_EVENT_TYPES: z.string().min(1).optional(),
  /** How often scorecards are refreshed. */
  UMPIRE_SCORECARD_EVERY_MS: wholeNumber({ from: 1_000, unit: 'ms', example: 60_000 }).default(60_000),
  UMPIRE_LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
});

/** Everything that is set from outside. */
export type Configuration = z.infer<typeof environment>;

/** A setting that cannot be used; the message names the variable and says how to mend it. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Reads the settings from environment variables; an empty one counts as not set.
 *
 * @throws ConfigurationError with a sentence for each setting that cannot be used
 */
export function readConfiguration(variables: NodeJS.ProcessEnv = process.env): Configuration {
  const result = environment.safeParse(
    Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== '')),
  );
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => {
    const name = path.join('.');
    // A connection string holds a password.
    const got = name === 'DATABASE_URL' ? '' : `, got "${variables[name] ?? ''}"`;
    return `${name} ${message}${got}`;
  });
  throw new ConfigurationError(`${problems.join('\n')}\nCorrect the environment, or unset what has a default.`);
}

/** @throws ConfigurationError where no database is named */
export function requireDatabase({ DATABASE_URL: url }: Configuration): string {
  if (url !== undefined) return url;
  throw new ConfigurationError(
    'DATABASE_URL is not set; give a PostgreSQL connection string, or run `umpire up`, which brings its own PostgreSQL',
  );
}
