import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { ExperimentStatus, Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { compileRuleset } from '@third-umpire/sdk';
import type { Definition } from '../../definitions/definition.ts';
import type { ExperimentDefinition } from '../../definitions/experiment.ts';
import { repositoryFile } from '../../parts/repository-root.ts';
import { draftState } from '../experiment-state.ts';
import { applyTransition } from '../lifecycle.ts';
import { ConflictError, type Transition } from '../port.ts';
import { documents, example, experimentDocuments } from '../testing/documents.ts';
import { buildRuleset, type ExperimentWithDefinition } from './build-ruleset.ts';
import { checkRuleset } from './check-ruleset.ts';

function lived(
  definition: ExperimentDefinition,
  transitions: readonly Transition[],
  held: readonly ExperimentWithDefinition[] = [],
): ExperimentWithDefinition {
  const reservations = held.map(({ state }) => ({ experimentKey: state.key, buckets: state.reservedBuckets }));
  const context = { definition, reservations, reason: 'a test', nowMs: 1_700_000_000_000 };
  const state = transitions.reduce(
    (before, transition) => applyTransition(before, transition, context),
    draftState(definition.key, 1, 'a test'),
  );
  return { state, definition };
}

function experimentIn(definitions: readonly Definition[]): ExperimentDefinition {
  const found = definitions.find((definition) => definition.kind === 'experiment');
  return found ?? assert.fail('no experiment');
}

const start: Transition = { to: 'started', definitionVersion: 1 };
const enrol = (stage: number, basisPoints: number): Transition => ({ to: 'enrolled', stage, basisPoints });
const ship: Transition = { to: 'shipped', variant: 'treatment', holdbackBasisPoints: 500 };

/** One of everything: running, shipped, ended and draft experiments, flags, rules, segments, layers, holdouts and kills. */
async function everything(): Promise<Ruleset> {
  const files = ['upi_retry.yaml', 'contest_card.yaml', 'payment_page.yaml'];
  const [retry = [], card = [], page = []] = await Promise.all(files.map(example));
  const rivals = experimentDocuments('rival', { layer: 'payments' });
  const shipped = experimentDocuments('shipped_one', { targeting: { attribute: 'wallet', operator: 'exists' } });
  const running = lived(experimentIn(retry), [start, enrol(1, 100), enrol(2, 500)]);
  const experiments = [
    running,
    lived(experimentIn(card), []),
    lived(experimentIn(rivals), [start, enrol(1, 100), { to: 'invalid' }], [running]),
    lived(experimentIn(shipped), [start, enrol(1, 100), ship]),
  ];
  return buildRuleset({
    version: 7,
    publishedAtMs: 1_700_000_100_000,
    definitions: [...retry, ...card, ...page, ...rivals, ...shipped],
    experiments,
    kills: [kill('0199-b', 'experiment', 'upi_retry'), kill('0199-a', 'flag', 'payment_page')],
  });
}

function kill(killId: string, kind: 'flag' | 'experiment', key: string) {
  const actor = { name: 'ravi', reason: 'too many failures' };
  return { killId, target: { kind, key }, actor, killedAtMs: 1_700_000_050_000, rulesetVersion: 6 };
}

/** Every SDK reads this: a difference here changes what users see. A wanted change is written into the file by hand. */
test('the whole ruleset is what it was', async () => {
  const golden: unknown = JSON.parse(
    await readFile(repositoryFile('control-store/ruleset/golden-ruleset.json'), 'utf8'),
  );
  assert.deepEqual(Ruleset.toJSON(await everything()), golden);
});

test('the ruleset is one that SDKs take', async () => {
  const ruleset = await everything();
  checkRuleset(ruleset);
  const compiled = compileRuleset(ruleset);
  const context = { user: 'u1', os: 'android', app_version: '7.3.0', wallet: 10 };
  const served = ['upi_retry', 'contest_card', 'payment_page', 'rival', 'shipped_one'].map((key) => {
    const { variant, reason } = compiled.evaluate(key, context);
    return [key, variant, reason];
  });
  assert.deepEqual(served, [
    ['upi_retry', 'control', Reason.REASON_DEFAULT],
    ['contest_card', 'control', Reason.REASON_DEFAULT],
    ['payment_page', 'control', Reason.REASON_KILLED],
    ['rival', 'control', Reason.REASON_DEFAULT],
    ['shipped_one', 'treatment', Reason.REASON_SHIPPED],
  ]);
});

test('a ruleset that SDKs would refuse is a conflict that names what is wrong', async () => {
  const ruleset = await everything();
  const broken = { ...ruleset, segments: [] };
  assert.throws(
    () => checkRuleset(broken),
    (error) =>
      error instanceof ConflictError &&
      /^nothing was changed, because SDKs would refuse .*there is no segment "modern_android"/.test(error.message),
  );
});

test('building is a function of its input, whatever the order', () => {
  const [card, wide] = [experimentDocuments('card'), experimentDocuments('wide')];
  const input = {
    version: 2,
    publishedAtMs: 1,
    definitions: [...card, ...wide, ...documents({ kind: 'layer', key: 'l', owner: 'o' })],
    experiments: [lived(experimentIn(card), [start]), lived(experimentIn(wide), [start])],
    kills: [],
  };
  const turned = { ...input, definitions: input.definitions.toReversed(), experiments: input.experiments.toReversed() };
  assert.deepEqual(buildRuleset(turned), buildRuleset(input));
});

function statusAfter(...transitions: readonly Transition[]): ExperimentStatus | undefined {
  const definition = experimentIn(experimentDocuments('card'));
  const ruleset = buildRuleset({
    version: 2,
    publishedAtMs: 1,
    definitions: [definition],
    experiments: [lived(definition, transitions)],
    kills: [],
  });
  assert.deepEqual(
    ruleset.flags.map((flag) => flag.key),
    ['card'],
  );
  return ruleset.experiments[0]?.status;
}

test('an experiment is served from its first start on, and after the archive only where it was shipped', () => {
  const { EXPERIMENT_STATUS_RUNNING: running, EXPERIMENT_STATUS_SHIPPED: shipped } = ExperimentStatus;
  assert.equal(statusAfter(), undefined);
  assert.equal(statusAfter({ to: 'awaiting-approval' }), undefined);
  assert.equal(statusAfter(start), running);
  assert.equal(statusAfter(start, { to: 'paused' }), running);
  assert.equal(statusAfter(start, ship), shipped);
  assert.equal(statusAfter(start, ship, { to: 'archived' }), shipped);
  assert.equal(statusAfter(start, ship, { to: 'rolled-back' }), ExperimentStatus.EXPERIMENT_STATUS_ENDED);
  assert.equal(statusAfter(start, { to: 'inconclusive' }), ExperimentStatus.EXPERIMENT_STATUS_ENDED);
  assert.equal(statusAfter(start, { to: 'inconclusive' }, { to: 'archived' }), undefined);
});
