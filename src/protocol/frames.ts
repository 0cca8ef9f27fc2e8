/**
 * WebSocket `portchurn.v1`: JSON text frames, one object each, told apart by `type`. The same objects go through
 * stream.ndjson. Schema first: types and validation come from it.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { BudgetRow, ConnectionEvent, FailureRow, FlowRow, TotalsRow } from './rows.js';

export const PROTOCOL = 1;
export const SUBPROTOCOL = 'portchurn.v1';
export const DEFAULT_LISTEN = '127.0.0.1:7790';
/** Longest frame a client may send, bytes; a longer one closes 1009. */
export const MAX_CLIENT_FRAME = 64 * 1024;
export const DEFAULT_LIMIT = 1000;
export const MAX_LIMIT = 5000;

/** Row schema of each table topic. `events` is a stream, not a table. Findings and verdict join with the diagnosis. */
export const TABLES = {
  totals: TotalsRow,
  flows: FlowRow,
  budgets: BudgetRow,
  failures: FailureRow,
} as const satisfies Record<string, TSchema>;
export type TableTopic = keyof typeof TABLES;
export type RowOf<T extends TableTopic> = Static<(typeof TABLES)[T]>;
export type AnyRow = RowOf<TableTopic>;
export const TABLE_TOPICS = Object.keys(TABLES) as TableTopic[];
export const TOPICS = [...TABLE_TOPICS, 'events'] as const;
export type Topic = TableTopic | 'events';

export const GROUPS = ['program', 'unit', 'destination', 'netns'] as const;
export type Group = (typeof GROUPS)[number];

export type Mode = 'ebpf' | 'polling' | 'replay';
