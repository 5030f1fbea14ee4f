import type { Kysely, Transaction } from 'kysely';

export const SCHEMA = 'umpire_live_monitor';

/** The monitor's tables. Numbers in ms are `bigint` columns, read as text by the driver. */
export interface LiveMonitorTables {
  positions: { partition: number; next_offset: string };
  watched: { experiment_key: string; epoch: number; document: unknown };
  links: { user_id: string; device_id: string };
  units: {
    experiment_key: string;
    epoch: number;
    unit_id: string;
    variant: string;
    first_exposed_at_ms: string;
    /** The place of that exposure in the log, so that equal times have an order. */
    partition: number;
    log_offset: string;
  };
  unit_values: { experiment_key: string; epoch: number; metric_key: string; unit_id: string; value: number };
  outcomes: {
    event_id: string;
    event_type: string;
    user_id: string | null;
    anonymous_id: string | null;
    occurred_at_ms: string;
    properties: unknown;
  };
  breaches: {
    experiment_key: string;
    epoch: number;
    detected_at_ms: string;
    document: unknown;
    kill_id: string | null;
    is_told: boolean;
  };
}

export type Database = Kysely<LiveMonitorTables>;
export type Tx = Transaction<LiveMonitorTables>;
