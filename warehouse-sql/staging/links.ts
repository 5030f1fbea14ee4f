import type { Dialect, Model } from '../dialect.ts';

/** Which device a user is hashed by. The control store writes one link per user, so any of its events tells it. */
export function stagingLinks(dialect: Dialect): Model {
  return {
    name: 'stg_links',
    sql: `
-- One row per linked user: user_id, device_id.
SELECT
  ${dialect.jsonText('properties', 'user_id')} AS user_id,
  MIN(${dialect.jsonText('properties', 'device_id')}) AS device_id
FROM raw_events
WHERE event_type = 'identity_linked'
GROUP BY 1`,
  };
}
