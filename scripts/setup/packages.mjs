import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { ROOT, run, SetupError, step } from './step.mjs';

/** Installs the packages of the lock file where they are missing or older than it. */
export async function installPackages() {
  const installed = path.join(ROOT, 'node_modules', '.package-lock.json');
  const wanted = path.join(ROOT, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  await step('installing packages from the npm registry (once)', async () => {
    const { code, output } = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    if (code !== 0) throw new SetupError(`npm could not install the packages; is the registry reachable?\n\n${output}`);
  });
}
