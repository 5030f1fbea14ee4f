import process from 'node:process';
import { SetupError } from './step.mjs';

const MINIMUM = [20, 19];

export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return;
  throw new SetupError(
    `Node ${MINIMUM.join('.')} or newer is needed, this is ${process.versions.node}: see https://nodejs.org`,
  );
}
