import { createCausalActivities, type CausalActivities } from './causal.ts';
import { createDefinitionActivities, type DefinitionActivities } from './definitions.ts';
import { createErasureActivities, type ErasureActivities } from './erasure.ts';
import { failingByName } from './failures.ts';
import type { Ports } from './ports.ts';
import { createRampWindowActivities, type RampWindowActivities } from './ramp-window.ts';
import { createScorecardActivities, type ScorecardActivities } from './scorecards.ts';
import { createTransitionActivities, type TransitionActivities } from './transitions.ts';

/** Every side effect of the workflows. */
export type Activities = DefinitionActivities &
  TransitionActivities &
  ScorecardActivities &
  RampWindowActivities &
  ErasureActivities &
  CausalActivities;

export function createActivities(ports: Ports): Activities {
  const definitions = createDefinitionActivities(ports);
  const transitions = createTransitionActivities(ports);
  const scorecards = createScorecardActivities(ports);
  const windows = createRampWindowActivities();
  const erasures = createErasureActivities(ports.erasure);
  const causal = createCausalActivities(ports.causal);
  return {
    loadExperiment: failingByName(definitions.loadExperiment),
    transition: failingByName(transitions.transition),
    publishKill: failingByName(transitions.publishKill),
    readRecord: failingByName(transitions.readRecord),
    refreshScorecard: failingByName(scorecards.refreshScorecard),
    refreshRunningScorecards: failingByName(scorecards.refreshRunningScorecards),
    nextRampWindow: failingByName(windows.nextRampWindow),
    findErasedUser: failingByName(erasures.findErasedUser),
    eraseUserFrom: failingByName(erasures.eraseUserFrom),
    finishErasure: failingByName(erasures.finishErasure),
    openCausalQuestion: failingByName(causal.openCausalQuestion),
    buildCausalCohort: failingByName(causal.buildCausalCohort),
    estimateCausalEffect: failingByName(causal.estimateCausalEffect),
    refuteCausalEffect: failingByName(causal.refuteCausalEffect),
    readCausalSegments: failingByName(causal.readCausalSegments),
    concludeCausalQuestion: failingByName(causal.concludeCausalQuestion),
    closeCausalQuestion: failingByName(causal.closeCausalQuestion),
    noteCausalProgress: failingByName(causal.noteCausalProgress),
  };
}
