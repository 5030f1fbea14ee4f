import { address, text } from './kinds.ts';

/** Settings of Temporal. The names are those of Temporal's own command line and SDKs, where these have one. */
export const temporalSettings = {
  /** Any Temporal cluster. */
  TEMPORAL_ADDRESS: address('127.0.0.1:7233').default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: text().default('default'),
  /** The `temporal` command that `umpire up` and the demo start. */
  TEMPORAL_CLI_PATH: text().optional(),
};
