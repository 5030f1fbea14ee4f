import { formatDuration } from '../../definitions/duration.ts';
import type { PastUnits } from '../../warehouse-sql/past-queries.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { PastMetricKind, PastSource } from './past-source.ts';

/** Units of the past. */
export interface PastRequest {
  /** The warehouse as it was named, for messages. */
  readonly name: string;
  readonly unitType: string;
  /** The event by which a unit would have entered; null: any. */
  readonly beganWith: string | null;
  /** Ms since 1970 UTC; null: 28 days before `untilMs`. */
  readonly fromMs: number | null;
  /** Null: where the newest event's UTC day begins, which is the last moment before which every day is whole. */
  readonly untilMs: number | null;
  /** Later events are by clocks that are ahead. */
  readonly nowMs: number;
}

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 28;

/** A time of the past. */
export interface KnownPast extends PastUnits {
  /** When the UTC day of the first event begins that a metric could read. */
  readonly firstEventMs: number;
}

/** @throws AnalyzeError where there is no such time in the warehouse */
export async function pastOf(source: Pick<PastSource, 'span'>, request: PastRequest): Promise<KnownPast> {
  const { firstMs, lastMs: newestMs, outcomesFromMs } = await source.span();
  if (firstMs === null || newestMs === null)
    throw new AnalyzeError(`${request.name} holds no events by which units enter`);
  // A clock that is ahead writes events of the future.
  const lastMs = Math.min(newestMs, request.nowMs);
  const untilMs = request.untilMs ?? Math.floor(lastMs / DAY_MS) * DAY_MS;
  const fromMs = request.fromMs ?? Math.max(untilMs - DEFAULT_DAYS * DAY_MS, Math.floor(firstMs / DAY_MS) * DAY_MS);
  if (fromMs >= untilMs)
    throw new AnalyzeError(
      `${request.name}: the time from ${iso(fromMs)} until ${iso(untilMs)} is empty; its events are from ${iso(firstMs)} until ${iso(lastMs)}`,
    );
  if (fromMs > lastMs || untilMs <= firstMs)
    throw new AnalyzeError(
      `${request.name} has no events from ${iso(fromMs)} until ${iso(untilMs)}; its events are from ${iso(firstMs)} until ${iso(lastMs)}`,
    );
  const { unitType, beganWith } = request;
  return {
    unitType,
    beganWith,
    fromMs,
    untilMs,
    firstEventMs: Math.floor((outcomesFromMs ?? firstMs) / DAY_MS) * DAY_MS,
  };
}

/** Where every unit has such a row, the metric is one of those who did it. */
const OF_WHO_DID_IT: ReadonlySet<PastMetricKind['type']> = new Set([
  'proportion',
  'count',
  'sum',
  'count_distinct',
  'ratio',
]);

/** What a reader has to know, in sentences. */
export function warningsOf({ metrics, readsEntry }: PastSource, past: KnownPast): readonly string[] {
  const selected = metrics
    .filter(({ key, type }) => readsEntry.includes(key) && OF_WHO_DID_IT.has(type))
    .map(
      ({ key }) =>
        `metric ${key}: units enter with what it counts, so every unit has some of it; that is right only for an experiment that begins there. Name what units do before with --began-with`,
    );
  return [...selected, ...cutCovariates(past, metrics)];
}

/**
 * Whether units that began first lack the time before, of which a covariate is made: CUPED then seems to remove less than it will.
 *
 * @returns a sentence for each metric whose covariate is cut
 */
function cutCovariates({ fromMs, firstEventMs }: KnownPast, metrics: PastSource['metrics']): readonly string[] {
  return metrics
    .filter(({ covariateMs }) => covariateMs > 0 && fromMs - covariateMs < firstEventMs)
    .map(
      ({ key, covariateMs }) =>
        `metric ${key}: its covariate is from the ${formatDuration(covariateMs)} before a unit began, but events begin ${iso(firstEventMs)}, so units that began before ${iso(firstEventMs + covariateMs)} lack some of it; ` +
        `CUPED removes more in an experiment than here. Begin later with --since`,
    );
}

/** For a message: why no unit is left. */
export function noUnits({ name }: PastRequest, { beganWith, unitType, fromMs, untilMs }: PastUnits): string {
  const event = beganWith === null ? 'an event' : `the event ${beganWith}`;
  return `${name}: no ${unitType} has ${event} from ${iso(fromMs)} until ${iso(untilMs)}`;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
