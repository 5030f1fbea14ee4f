import { z } from 'zod';
import { BIGQUERY_RULES, bigQuerySettings } from './settings/bigquery.ts';
import { isSecret } from './settings/kinds.ts';
import { KAFKA_RULES, kafkaSettings } from './settings/kafka.ts';
import { platformSettings } from './settings/platform.ts';
import type { Rule } from './settings/rules.ts';
import { TEMPORAL_RULES, temporalSettings } from './settings/temporal.ts';
import { warehouseSettings } from './settings/warehouse.ts';

/** Every setting: each part has a file of its own in settings/. */
const environment = z.object({
  ...platformSettings,
  ...kafkaSettings,
  ...temporalSettings,
  ...warehouseSettings,
  ...bigQuerySettings,
});

/** What must hold between settings. */
const RULES: readonly Rule[] = [...KAFKA_RULES, ...TEMPORAL_RULES, ...BIGQUERY_RULES];

/** Everything that is set from outside. */
export type Configuration = z.infer<typeof environment>;

/** The names of all settings, in the order of the parts. */
export const SETTING_NAMES: readonly string[] = Object.keys(environment.shape);

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
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const isSet = (name: string): boolean => given[name] !== undefined;
  const result = environment.safeParse(given);
  const problems = [
    ...(result.error?.issues ?? []).map(({ path, message }) => problemOf(String(path[0]), message, given)),
    ...RULES.flatMap((rule) => rule(isSet, (name) => given[name])),
  ];
  if (result.success && problems.length === 0) return result.data;
  throw new ConfigurationError(`${problems.join('\n')}\nCorrect the environment, or unset what has a default.`);
}

function problemOf(name: string, message: string, given: NodeJS.ProcessEnv): string {
  const kind: z.ZodType | undefined = Object.entries(environment.shape).find(([each]) => each === name)?.[1];
  return kind !== undefined && isSecret(kind) ? `${name} ${message}` : `${name} ${message}, got "${given[name] ?? ''}"`;
}

/** @throws ConfigurationError where no database is named */
export function requireDatabase({ DATABASE_URL: url }: Configuration): string {
  if (url !== undefined) return url;
  throw new ConfigurationError(
    'DATABASE_URL is not set; give a PostgreSQL connection string, or run `umpire up`, which brings its own PostgreSQL',
  );
}
