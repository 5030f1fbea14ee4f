// Everything that a worker can run: the entry point of the workflow bundle.
export { experiment } from './experiment.ts';
export { scorecards } from './scorecards.ts';
