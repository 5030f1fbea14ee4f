import { BigQuery, type Dataset } from '@google-cloud/bigquery';
import { OAuth2Client } from 'google-auth-library';
import { BigQueryNotFoundError, failureOf, isDuplicate, isMissing, namedError, type BigQueryPlace } from './errors.ts';

export interface ConnectionOptions {
  readonly project: string;
  /** Has to exist; see `createDataset`. */
  readonly dataset: string;
  /** Such as `asia-south1`. Default: where the dataset is. */
  readonly location?: string;
  /** Another address of the API: an emulator, without credentials. Default: Google's, with the credentials of the environment. */
  readonly apiEndpoint?: string;
  /** Makes the dataset if it is missing. Where data lies is for a person to decide, so this is for emulators and tests. */
  readonly createDataset?: boolean;
}

export interface Connection {
  readonly client: BigQuery;
  readonly dataset: Dataset;
  readonly place: Required<BigQueryPlace>;
}

/** @throws BigQueryNotFoundError where the dataset is missing or in another location, and other `BigQueryError`s */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const { project, location, apiEndpoint, createDataset = false } = options;
  const client = new BigQuery({
    projectId: project,
    userAgent: 'third-umpire',
    ...(location === undefined ? {} : { location }),
    ...(apiEndpoint === undefined ? {} : { apiEndpoint, authClient: withoutCredentials() }),
  });
  const asked = { project, dataset: options.dataset, ...(location === undefined ? {} : { location }) };
  try {
    const found = await locationOf(client, options.dataset, createDataset ? (location ?? 'US') : null);
    if (location !== undefined && location.toLowerCase() !== found.toLowerCase()) {
      throw new BigQueryNotFoundError(
        `BigQuery, opening the warehouse: dataset ${project}:${options.dataset} is in ${found} and not in ${location}. ` +
          'Set BIGQUERY_LOCATION to where the dataset is, or unset it',
      );
    }
    const place = { project, dataset: options.dataset, location: found };
    return { client, dataset: client.dataset(options.dataset, { location: found }), place };
  } catch (error) {
    throw namedError(error, 'opening the warehouse', asked) ?? error;
  }
}

/** @param createIn where to make the dataset if it is missing; null: it is not made */
async function locationOf(client: BigQuery, name: string, createIn: string | null): Promise<string> {
  const dataset = client.dataset(name);
  try {
    return await readLocation(dataset);
  } catch (error) {
    if (createIn === null || !isMissing(failureOf(error))) throw error;
  }
  try {
    await client.createDataset(name, { location: createIn });
  } catch (error) {
    if (!isDuplicate(failureOf(error))) throw error;
  }
  return await readLocation(dataset);
}

async function readLocation(dataset: Dataset): Promise<string> {
  const [metadata] = (await dataset.getMetadata()) as [{ readonly location?: string }, unknown];
  return metadata.location ?? 'US';
}

/** An emulator asks for no credentials, and the client must not look for any. */
export function withoutCredentials(): OAuth2Client {
  const client = new OAuth2Client();
  client.setCredentials({ access_token: 'emulator', expiry_date: Number.MAX_SAFE_INTEGER });
  return client;
}
