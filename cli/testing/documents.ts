import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** An experiment on everybody, half and half, with its metric, and a flag that goes by region. */
export const DOCUMENTS = `
kind: experiment
key: pay_button
hypothesis: A larger button makes more users pay.
owner: payments
variants:
  - { key: control, value: false, weight: 50 }
  - { key: on, value: true, weight: 50 }
targeting: { attribute: region, operator: in, values: [KA, MH] }
metrics: { primary: paid }
ramp:
  stages:
    - { percent: 100, hold: 14d }
---
kind: metric
key: paid
owner: payments
type: count
event: paid
window: 2h
goodDirection: increase
---
kind: flag
key: pay_page
owner: payments
type: string
variants:
  - { key: control, value: classic }
  - { key: express, value: express }
rules:
  - key: staff
    when: { attribute: email_domain, operator: in, values: [example.com] }
    serve: { variant: express }
`;

export interface Folder {
  /** Writes a file and returns its path. */
  write(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

export async function temporaryFolder(): Promise<Folder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'umpire-cli-'));
  return {
    write: async (name, text) => {
      const file = path.join(folder, name);
      await writeFile(file, text);
      return file;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
