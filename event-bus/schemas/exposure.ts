import { EXPOSURE } from '../event.ts';
import type { EventTypeSchema } from './event-type.ts';

/** `ExposureProperties`. Open, because SDKs of several ages write to one log. */
export const EXPOSURE_SCHEMAS: readonly EventTypeSchema[] = [
  {
    key: EXPOSURE,
    version: 1,
    description: 'A unit met the code path in which the variants differ.',
    open: true,
    properties: {
      flag_key: { type: 'string', required: true },
      reason: { type: 'string', required: true },
      unit_type: { type: 'string', required: true },
      unit_id: { type: 'string', required: true },
      ruleset_version: { type: 'integer', required: true },
      segments: { type: 'object', required: true },
    },
  },
];
