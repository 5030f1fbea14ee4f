import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { ROOT, run } from '../setup/step.mjs';

const BUF = path.join(ROOT, 'node_modules', '@bufbuild', 'buf', 'bin', 'buf');
const DESCRIPTOR = 'descriptor.binpb';

/** Lints proto/ and writes what it says into gen/. Resolves with an exit code. */
export async function generate() {
  return await bufAll([['lint'], ['build', '-o', path.join('gen', DESCRIPTOR)], ['generate']]);
}

/** Resolves with what in gen/ is not what proto/ says; empty: nothing. @throws Error where buf fails */
export async function staleGenerated() {
  const scratch = mkdtempSync(path.join(tmpdir(), 'umpire-generated-'));
  try {
    // Through a template of its own: buf has an option for the folder above the outputs only.
    const template = readFileSync(path.join(ROOT, 'buf.gen.yaml'), 'utf8').replace(/out: gen$/m, 'out: .');
    const templateFile = path.join(scratch, 'buf.gen.yaml');
    writeFileSync(templateFile, template);
    const out = path.join(scratch, 'gen');
    const code = await bufAll([
      ['lint'],
      ['build', '-o', path.join(scratch, DESCRIPTOR)],
      ['generate', '--template', templateFile, '--output', out],
    ]);
    if (code !== 0) throw new Error('buf failed');
    copyFileSync(path.join(scratch, DESCRIPTOR), path.join(out, DESCRIPTOR));
    return differences(out, path.join(ROOT, 'gen'));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function bufAll(commands) {
  for (const args of commands) {
    const { code, output } = await run(process.execPath, [BUF, ...args]);
    if (output !== '') console.error(output);
    if (code !== 0) return code;
  }
  return 0;
}

function differences(fresh, committed) {
  const wanted = filesIn(fresh);
  const extra = filesIn(committed).filter((file) => /\.ts$/.test(file) && !wanted.includes(file));
  const changed = wanted.filter((file) => {
    const target = path.join(committed, file);
    return (
      statSync(target, { throwIfNoEntry: false }) === undefined ||
      !readFileSync(path.join(fresh, file)).equals(readFileSync(target))
    );
  });
  return [...changed, ...extra].map((file) => path.join('gen', file));
}

function filesIn(directory) {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => !/^(dist|node_modules)(\/|$)/.test(file))
    .filter((file) => statSync(path.join(directory, file)).isFile());
}
