#!/usr/bin/env node
// The command `umpire`. Plain JavaScript, because in a fresh clone nothing is built yet.
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const built = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'cli', 'main.js');

if (existsSync(built)) {
  await import(pathToFileURL(built).href);
} else {
  console.error(`umpire is not built yet (${built} is missing).
Run "npm ci && npm run build" in its folder; "npm run demo" does both by itself.`);
  process.exitCode = 1;
}
