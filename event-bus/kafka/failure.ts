/** Kafka did not answer in time; the connection is given up. */
export class KafkaDeadlineError extends Error {
  constructor(what: string, afterMs: number) {
    super(`Kafka did not answer within ${afterMs} ms: ${what}`);
    this.name = 'KafkaDeadlineError';
  }
}

/** Kafka's name of an error that a broker answered, such as `NOT_LEADER_FOR_PARTITION`; kafkajs wraps it in causes. */
export function kafkaErrorType(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth += 1) {
    if ('type' in current && typeof current.type === 'string') return current.type;
  }
  return undefined;
}

const STALE_METADATA: ReadonlySet<string> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
  'BROKER_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
]);

/** Another broker leads the partition now. */
export function isStaleMetadata(error: unknown): boolean {
  return STALE_METADATA.has(kafkaErrorType(error) ?? '');
}

const REFUSALS: ReadonlySet<string> = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
]);

/** Node's names of certificates that do not fit. */
const CERTIFICATE = /^(ERR_TLS_.*|.*_SELF_SIGNED_CERT|SELF_SIGNED_CERT_.*|UNABLE_TO_.*|CERT_.*|ERR_SSL_.*)$/;

/** Who asks is not allowed to, or does not trust who answers: asking again does not help. */
export function isRefusal(error: unknown): boolean {
  if (REFUSALS.has(kafkaErrorType(error) ?? '')) return true;
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth += 1) {
    if (current.name === 'KafkaJSSASLAuthenticationError') return true;
    if ('code' in current && CERTIFICATE.test(String(current.code))) return true;
  }
  return false;
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Gives a promise up after `ms`. */
export async function withDeadline<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KafkaDeadlineError(what, ms)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Gives a promise up when `signal` aborts. */
export async function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('it is not wanted any more'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
