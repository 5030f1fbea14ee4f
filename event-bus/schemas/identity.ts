import type { EventTypeSchema } from './event-type.ts';

export const IDENTITY_LINKED = 'identity_linked';

export const IDENTITY_SCHEMAS: readonly EventTypeSchema[] = [
  {
    key: IDENTITY_LINKED,
    version: 1,
    description: 'A device turned out to belong to a user; written once per user, before the link is used.',
    open: true,
    properties: {
      user_id: { type: 'string', required: true },
      device_id: { type: 'string', required: true },
    },
  },
];
