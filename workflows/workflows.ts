// Everything that a worker can run: the entry point of the workflow bundle.
export { causalQuestion } from './causal-question.ts';
export { eraseUser } from './erase-user.ts';
export { experiment } from './experiment.ts';
export { scorecards } from './scorecards.ts';
