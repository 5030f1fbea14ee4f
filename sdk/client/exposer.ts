import { Event } from '@third-umpire/proto/umpire/events/v1/events';
import { uuidv7 } from 'uuidv7';
import type { AttributeInput, EvaluateOptions, Evaluation, EvaluationContext } from '../evaluation/evaluation.ts';
import type { EventBuffer } from './event-buffer.ts';
import { ExposureLog } from './exposure-log.ts';
import type { Settings } from './options.ts';
import type { RulesetHolder } from './ruleset-holder.ts';

/** Logs exposures, once a day for each unit and variant. */
export class Exposer {
  readonly #log = new ExposureLog();
  readonly #settings: Settings;
  readonly #holder: RulesetHolder;
  readonly #buffer: EventBuffer;

  constructor(settings: Settings, holder: RulesetHolder, buffer: EventBuffer) {
    this.#settings = settings;
    this.#holder = holder;
    this.#buffer = buffer;
  }

  /**
   * Every reason is logged, not only the random split: what is no evidence is counted as such by the scorecard. A context that throws when
   * it is read (a getter, a proxy) costs its exposure, not the decision.
   */
  expose(evaluation: Evaluation, context: EvaluationContext, options: EvaluateOptions): void {
    try {
      this.#expose(evaluation, context, options);
    } catch (error) {
      const message = `an exposure to experiment "${evaluation.experimentKey}" could not be logged: ${String(error)}`;
      this.#settings.onProblem({ kind: 'events-rejected', message });
    }
  }

  #expose(evaluation: Evaluation, context: EvaluationContext, options: EvaluateOptions): void {
    const { experimentKey, epoch, variant, unitType, reason } = evaluation;
    const unitId = this.#holder.compiled?.unitIdOf(evaluation, context, options) ?? null;
    if (experimentKey === null || variant === null || unitType === null || unitId === null) return;
    const exposure = [unitId, experimentKey, epoch, variant, reason];
    const nowMs = this.#settings.clock();
    if (!this.#log.isFirst(exposure, nowMs)) return;
    const isTaken = this.#buffer.add(
      Event.fromPartial({
        eventId: uuidv7(),
        eventType: 'exposure',
        schemaVersion: 1,
        userId: textOf(context['user']),
        anonymousId: textOf(context['device']),
        timestamp: new Date(nowMs),
        serviceName: this.#settings.serviceName,
        experimentKey,
        epoch,
        variant,
        decisionId: uuidv7(),
        properties: {
          flag_key: evaluation.flagKey,
          reason,
          unit_type: unitType,
          unit_id: unitId,
          ruleset_version: this.#holder.compiled?.version ?? 0,
          segments: this.#segments(experimentKey, context),
        },
      }),
    );
    if (!isTaken) this.#log.forget(exposure);
  }

  #segments(experimentKey: string, context: EvaluationContext): Record<string, unknown> {
    const attributes = this.#holder.experiment(experimentKey)?.segmentAttributes ?? [];
    return Object.fromEntries(
      attributes.flatMap((attribute) => {
        const value = context[attribute];
        return value === undefined || value === null ? [] : [[attribute, jsonOf(value)]];
      }),
    );
  }
}

function textOf(value: AttributeInput): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function jsonOf(value: NonNullable<AttributeInput>): unknown {
  return value instanceof Date ? value.toISOString() : value;
}
