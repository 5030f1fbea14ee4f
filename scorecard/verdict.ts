import { formatDuration } from '../definitions/duration.ts';
import type { ScorecardInput } from './build.ts';
import { futilityGates, powerGates } from './ending.ts';
import type { Reading } from './looks.ts';
import type { Gate, MetricReadout, Scorecard } from './scorecard.ts';
import { signedPercent } from './wording.ts';

interface VerdictInput extends Pick<
  ScorecardInput,
  'definition' | 'record' | 'computedAtMs' | 'reading' | 'isFullAtMs'
> {
  readonly readouts: readonly MetricReadout[];
  /** The gates so far: the data, the split and the guardrails. */
  readonly gates: readonly Gate[];
}

type Verdict = Pick<Scorecard, 'verdict' | 'summary' | 'winningVariant'> & { readonly gates: readonly Gate[] };

/** Decides, in this order: no trust, harm, a win, out of time, not yet. */
export function reachVerdict(input: VerdictInput): Verdict {
  const { definition, gates } = input;
  const broken = gates.find(({ gate, status }) => (gate === 'split' || gate === 'data') && status === 'failed');
  if (broken !== undefined) return ended('invalid', `No effect is shown: ${broken.reason}.`, []);
  const primaries = input.readouts.filter(({ role }) => role === 'primary');
  const own = [primaryGate(input, primaries), ...runtimeGates(input), ...endGates(input, primaries)];
  const breached = gates.find(({ gate, status }) => gate === 'guardrail' && status === 'failed');
  if (breached !== undefined) return ended('do-not-ship', `A guardrail is breached: ${breached.reason}.`, own);
  const harmed = primaries.filter((readout) => directionOf(readout) < 0);
  if (harmed.length > 0 && harmed.length === definition.variants.length - 1) {
    return ended('do-not-ship', `The primary metric got worse: ${harmed.map(describe).join('; ')}.`, own);
  }
  const winner = winnerOf(input, primaries);
  const isPast = (name: Gate['gate']): boolean => own.some(({ gate, status }) => gate === name && status === 'passed');
  if (winner !== null && isPast('minimum-runtime')) {
    const summary = `Ship ${winner.variant}: ${describe(winner)}, and every guardrail passed.${unbiasedText(winner)}`;
    return { verdict: 'ship', summary, winningVariant: winner.variant, gates: own.map(answered) };
  }
  if (own.some(({ gate, status }) => gate === 'maximum-runtime' && status === 'failed')) {
    return ended('inconclusive', `The maximum runtime is over without an answer: ${waitingFor(own, gates)}.`, own);
  }
  // A win that only waits for the minimum runtime is an answer.
  const end = winner === null ? endWithoutAnswer(own, gates) : null;
  if (end !== null) return ended('inconclusive', end, own);
  return ended('keep-running', `No verdict yet: ${waitingFor(own, gates)}.`, own);
}

/** Why it ends though neither time is over nor an effect is there; null where it goes on. */
function endWithoutAnswer(own: readonly Gate[], gates: readonly Gate[]): string | null {
  const failed = (name: Gate['gate']): Gate | undefined =>
    own.find(({ gate, status }) => gate === name && status === 'failed');
  if (failed('maximum-units') !== undefined)
    return `The planned units are there without an answer: ${waitingFor(own, gates)}.`;
  // What a week looks like is known only once it is over.
  if (own.some(({ gate, status }) => gate === 'minimum-runtime' && status !== 'passed')) return null;
  // A win that waits for a guardrail is neither futile nor missed.
  if (own.some(({ gate, status }) => gate === 'primary' && status === 'passed')) return null;
  const power = failed('target-power');
  if (power !== undefined) return `The wanted power is reached without an answer: ${power.reason}.`;
  const futility = failed('futility');
  return futility === undefined ? null : `Stop, going on is futile: ${futility.reason}.`;
}

const LIMITS: ReadonlySet<Gate['gate']> = new Set(['maximum-runtime', 'maximum-units', 'target-power', 'futility']);

/** Out of time, of units or of hope is a failure only without an answer. */
function answered(gate: Gate): Gate {
  return LIMITS.has(gate.gate) && gate.status === 'failed'
    ? { ...gate, status: 'passed', reason: `${gate.reason}, and there is an answer` }
    : gate;
}

function ended(verdict: Scorecard['verdict'], summary: string, gates: readonly Gate[]): Verdict {
  return { verdict, summary, winningVariant: null, gates };
}

/** 1: significantly better; −1: significantly worse; 0: neither. */
function directionOf({ absolute, goodDirection }: MetricReadout): -1 | 0 | 1 {
  const sign = absolute.lower > 0 ? 1 : absolute.upper < 0 ? -1 : 0;
  if (sign === 0) return 0;
  return sign > 0 === (goodDirection === 'increase') ? 1 : -1;
}

/** The best variant among those that are significantly better; none while the split or a guardrail has not passed. */
function winnerOf({ gates }: VerdictInput, primaries: readonly MetricReadout[]): MetricReadout | null {
  if (gates.some(({ status }) => status !== 'passed')) return null;
  const better = primaries.filter((readout) => directionOf(readout) > 0);
  better.sort((a, b) => Math.abs(b.absolute.estimate) - Math.abs(a.absolute.estimate));
  return better[0] ?? null;
}

/** What to report of an experiment that could have ended at several looks. */
function unbiasedText({ afterStopping, controlMean, valueUnit }: MetricReadout): string {
  if (afterStopping === undefined) return '';
  const { estimate, lower, upper } = afterStopping;
  const text = (value: number): string =>
    controlMean > 0 ? signedPercent(value / controlMean) : `${value.toPrecision(3)} ${valueUnit}`;
  return ` Report ${text(estimate)} (${text(lower)} to ${text(upper)}), which is median-unbiased after looks that could have ended it.`;
}

function primaryGate({ definition, reading }: VerdictInput, primaries: readonly MetricReadout[]): Gate {
  const { primary } = definition.metrics;
  const base = { gate: 'primary', metricKey: primary } as const;
  if (reading.kind === 'waiting') return { ...base, status: 'waiting', reason: `${primary}: ${untilText(reading)}` };
  if (primaries.length === 0) return { ...base, status: 'waiting', reason: `${primary}: too few matured units yet` };
  const directions = primaries.map(directionOf);
  const status = directions.includes(1) ? 'passed' : directions.includes(-1) ? 'failed' : 'inconclusive';
  return { ...base, status, reason: primaries.map(describe).join('; ') };
}

function untilText({ nextAtMs, looks }: Extract<Reading, { kind: 'waiting' }>): string {
  const which = looks === 1 ? 'the only look' : `the first of ${looks} looks`;
  if (nextAtMs === null) return `${which} found no unit in one of the arms`;
  return `not read before ${which}, ${new Date(nextAtMs).toISOString()}`;
}

/** Other ends than that of the runtime, as far as the definition has them. */
function endGates(input: VerdictInput, primaries: readonly MetricReadout[]): Gate[] {
  const { stopping, variants } = input.definition;
  const treatments = variants.length - 1;
  return [...unitGates(input), ...powerGates(stopping, primaries, treatments), ...futilityGates(primaries, treatments)];
}

/** Whether the planned number of units is there; nothing where none is planned. */
function unitGates({ definition, isFullAtMs }: VerdictInput): Gate[] {
  const { maximumUnits } = definition.stopping;
  if (maximumUnits === undefined) return [];
  const base = { gate: 'maximum-units', metricKey: definition.metrics.primary } as const;
  if (isFullAtMs === null)
    return [{ ...base, status: 'passed', reason: `the planned ${maximumUnits} units have not matured yet` }];
  const since = new Date(isFullAtMs).toISOString();
  return [{ ...base, status: 'failed', reason: `the planned ${maximumUnits} units had matured at ${since}` }];
}

function describe({ metricKey, variant, absolute, relative, valueUnit }: MetricReadout): string {
  if (relative !== null) {
    const { estimate, lower, upper } = relative;
    return `${metricKey}, ${variant}: ${signedPercent(estimate)} (${signedPercent(lower)} to ${signedPercent(upper)})`;
  }
  const numbers = [absolute.estimate, absolute.lower, absolute.upper].map((value) => value.toPrecision(3));
  return `${metricKey}, ${variant}: ${numbers[0]} ${valueUnit} (${numbers[1]} to ${numbers[2]})`;
}

function runtimeGates({ definition, record, computedAtMs }: VerdictInput): Gate[] {
  const { minimumMs, maximumMs } = definition.runtime;
  const untilMs = Math.min(computedAtMs, record.analysisClosedAtMs ?? computedAtMs);
  const ranMs = record.enrolledAtMs === null ? 0 : untilMs - record.enrolledAtMs;
  const gate = (name: Gate['gate'], status: Gate['status'], reason: string): Gate => ({
    gate: name,
    metricKey: null,
    status,
    reason,
  });
  return [
    ranMs >= minimumMs
      ? gate('minimum-runtime', 'passed', `the minimum runtime of ${formatDuration(minimumMs)} is over`)
      : gate('minimum-runtime', 'waiting', `the minimum runtime of ${formatDuration(minimumMs)} is not over`),
    ranMs >= maximumMs
      ? gate('maximum-runtime', 'failed', `the maximum runtime of ${formatDuration(maximumMs)} is over`)
      : gate('maximum-runtime', 'passed', `the maximum runtime of ${formatDuration(maximumMs)} is not over`),
  ];
}

function waitingFor(own: readonly Gate[], gates: readonly Gate[]): string {
  const open = [...own, ...gates].filter(({ status }) => status === 'waiting' || status === 'inconclusive');
  return open.length === 0 ? 'the next look' : open.map(({ reason }) => reason).join('; ');
}
