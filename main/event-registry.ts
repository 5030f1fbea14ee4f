import { readFile } from 'node:fs/promises';
import { parseEventTypes } from '../event-bus/schemas/document.ts';
import { createRegistry, type SchemaRegistry } from '../event-bus/schemas/registry.ts';
import type { Configuration } from './configuration.ts';

/** The platform's own event types and those of the deployment's file. @throws InvalidEventTypeError */
export async function readEventRegistry({ UMPIRE_EVENT_TYPES: file }: Configuration): Promise<SchemaRegistry> {
  return createRegistry(file === undefined ? [] : parseEventTypes(await readFile(file, 'utf8'), file));
}
