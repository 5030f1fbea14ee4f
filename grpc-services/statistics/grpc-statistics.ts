import type { Evaluator } from '../assignment/evaluator.ts';
import type { PublishedRulesets, RefusedRuleset } from '../published-rulesets.ts';
import type { CallStatistics, MeasuredCalls } from './call-statistics.ts';

/** What the services did since they were started, and which ruleset they decide by. */
export interface GrpcStatistics {
  /** Decisions by reason, such as `REASON_SPLIT`; those of `Expose` included. */
  readonly decisions: ReadonlyMap<string, number>;
  readonly unary: readonly MeasuredCalls[];
  /** By method. */
  readonly openStreams: ReadonlyMap<string, number>;
  readonly ruleset: RulesetStatistics;
}

export interface RulesetStatistics {
  readonly version: number;
  /** `null` where the ruleset does not say. */
  readonly publishedAtMs: number | null;
  readonly experiments: number;
  /** How many were refused since the start. */
  readonly refused: number;
  /** The newest, where that one was refused. */
  readonly refusal: RefusedRuleset | null;
}

export function statisticsOf(parts: {
  readonly calls: CallStatistics;
  readonly evaluator: Pick<Evaluator, 'counts'>;
  readonly rulesets: PublishedRulesets;
}): GrpcStatistics {
  const { calls, evaluator, rulesets } = parts;
  const { version, ruleset } = rulesets.current;
  return {
    decisions: evaluator.counts.byReason(),
    unary: calls.unary,
    openStreams: calls.openStreams,
    ruleset: {
      version,
      publishedAtMs: ruleset.publishedAt?.getTime() ?? null,
      experiments: ruleset.experiments.length,
      refused: rulesets.refused,
      refusal: rulesets.refusal,
    },
  };
}
