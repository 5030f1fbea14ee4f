/** A JSON value. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/**
 * The envelope of everything that happened, in the form that the platform's own code uses. The wire form is
 * `umpire.events.v1.Event`; an absent text there is `null` here.
 */
export interface Event {
  /** UUID; the key of deduplication everywhere. */
  readonly eventId: string;
  /** Lower snake case, such as `exposure` or `deposit_succeeded`. */
  readonly eventType: string;
  readonly schemaVersion: number;
  readonly userId: string | null;
  readonly anonymousId: string | null;
  /** When it happened, by the clock of the service that saw it, in ms since 1970 UTC. */
  readonly timestampMs: number;
  readonly serviceName: string;
  readonly experimentKey: string | null;
  readonly epoch: number | null;
  readonly variant: string | null;
  readonly decisionId: string | null;
  readonly properties: JsonObject;
}

/** An event as the log holds it. */
export interface StoredEvent extends Event {
  /** When the platform took it, in ms since 1970 UTC. */
  readonly ingestedAtMs: number;
}

/** The event type that SDKs log; its properties are `ExposureProperties`. */
export const EXPOSURE = 'exposure';

/**
 * Properties of an `exposure` event. The experiment, epoch, variant and decision are in the envelope.
 *
 * @public
 */
export interface ExposureProperties extends JsonObject {
  readonly flag_key: string;
  /** `umpire.assignment.v1.Reason`; only `REASON_SPLIT` is evidence. */
  readonly reason: string;
  /** What was hashed, such as `user` or `device`. */
  readonly unit_type: string;
  /** The unit that was hashed, after identity links. */
  readonly unit_id: string;
  readonly ruleset_version: number;
  /** The experiment's segment attributes, as the context had them. */
  readonly segments: JsonObject;
}
