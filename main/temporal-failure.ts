import { handshakeFailure } from './temporal-probe.ts';
import type { TemporalOptions } from './temporal.ts';

/** Temporal is not there or refuses. The message says why, and which setting to look at. */
export class TemporalUnreachableError extends Error {
  override readonly name = 'TemporalUnreachableError';
}

/** What was talked to. */
type Failing = Pick<TemporalOptions, 'connection' | 'namespace'>;

interface Explanation {
  readonly sign: RegExp;
  readonly says: (options: Failing) => string;
}

/** What the two TLS libraries and the server say, from the most telling on. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    sign: /certificate required|CERTIFICATE_REQUIRED|alert number 116|bad certificate|alert number 42/i,
    says: () =>
      'it wants a client certificate that it knows; set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH',
  },
  {
    sign: /altnames|NotValidForName|not valid for name|ERR_TLS_CERT_ALTNAME_INVALID/i,
    says: () => 'its certificate is for another name; set TEMPORAL_TLS_SERVER_NAME to the name in the certificate',
  },
  {
    sign: /self.signed|unable to (get|verify)|UnknownIssuer|unknown ?issuer|invalid peer certificate|unknown ca/i,
    says: () =>
      'its certificate is not signed by anybody who is trusted here; set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the certificate of who signed it',
  },
  {
    sign: /UNAUTHENTICATED|Unauthenticated|PERMISSION_DENIED|PermissionDenied|not authorized|unauthorized/,
    says: ({ namespace }) =>
      `it refuses these credentials for the namespace "${namespace}"; look at TEMPORAL_API_KEY and TEMPORAL_NAMESPACE`,
  },
  {
    sign: /Namespace .*not found|NamespaceNotFound|NOT_FOUND/i,
    says: ({ namespace }) =>
      `it has no namespace "${namespace}"; create it with "temporal operator namespace create", or set TEMPORAL_NAMESPACE`,
  },
  {
    sign: /wrong version number|packet length too long|InvalidContentType|corrupt message/i,
    says: () => 'it does not speak TLS; unset TEMPORAL_TLS and what belongs to it, or correct the address',
  },
];

/** Says in a sentence why Temporal could not be talked to. */
export async function temporalFailure(error: unknown, options: Failing): Promise<TemporalUnreachableError> {
  const { address, tls } = options.connection;
  const known = explanationOf(everythingSaid(error));
  const handshake = known === undefined ? await handshakeFailure(address, tls) : null;
  const explanation = known ?? (handshake === null ? undefined : explanationOf(handshake));
  const said = handshake ?? everythingSaid(error);
  const how = tls === false ? 'without TLS' : 'with TLS';
  const why =
    explanation?.says(options) ?? `it does not answer ${how}; is it there, and is TEMPORAL_ADDRESS right? (${said})`;
  return new TemporalUnreachableError(`Temporal at ${address}: ${why}`, { cause: error });
}

function explanationOf(said: string): Explanation | undefined {
  return EXPLANATIONS.find(({ sign }) => sign.test(said));
}

/** The messages of an error and of what caused it. */
function everythingSaid(error: unknown): string {
  const said: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) said.push(each.message);
  return said.length === 0 ? String(error) : said.join(': ');
}
