/**
 * Where a command's frames come from: a running service, or the engine inside this process. Enters: attach options.
 * Leaves: a Feed. Called by top and trace; implemented by remote.ts and standalone.ts.
 */

import type { ValuesOf } from '../../config/serve-config.js';
import { readToken } from '../../config/token.js';
import { PortchurnError } from '../../protocol/errors.js';
import {
  DEFAULT_LISTEN,
  type Group,
  type Problem,
  type RowOf,
  type SnapshotBody,
  type TableTopic,
} from '../../protocol/frames.js';
import type { ConnectionEvent } from '../../protocol/rows.js';
import { type Io, say } from '../io.js';
import type { ServiceAddress } from './http.js';

export interface TopicQuery<T extends TableTopic = TableTopic> {
  readonly topic: T;
  readonly filter?: string;
  /** A row field, `-` in front for descending. */
  readonly sort?: string;
  readonly limit?: number;
  readonly group?: Group | undefined;
}

export interface EventQuery {
  /** Events of these processes, traced in the kernel; empty: of every process. */
  readonly pids: readonly number[];
  readonly filter: string;
}

/** `dropped`: events that should have come and did not. */
export type EventListener = (events: readonly ConnectionEvent[], dropped: number) => void;

export interface DataSource {
  /** False: this process traces by itself, and its counts begin now. */
  readonly attached: boolean;
  /** Aborts when no more will come; its reason is the PortchurnError that says why. */
  readonly lost: AbortSignal;
  table(query: TopicQuery): Promise<SnapshotBody>;
  /** What cannot be answered here; empty: nothing, or an older service that does not say. */
  limits(): Promise<readonly Problem[]>;
  /** Resolves when events flow. At most once per feed. */
  events(query: EventQuery, listener: EventListener): Promise<void>;
  close(): Promise<void>;
}

export type AttachValues = Pick<
  ValuesOf<'top'> & ValuesOf<'trace'>,
  | 'connect'
  | 'standalone'
  | 'tokenFile'
  | 'noSyscalls'
  | 'portableVerdict'
  | 'redact'
  | 'ringBytes'
  | 'logLevel'
>;

/** Longest time that a service on this machine may take to say who it is, ms. */
const PROBE_MS = 500;

/** `pids`: processes that a standalone trace is restricted to, in the kernel. */
export async function openDataSource(
  values: AttachValues,
  pids: readonly number[],
  io: Io,
): Promise<DataSource> {
  if (values.standalone && values.connect !== undefined) {
    throw new PortchurnError('USAGE', '--standalone and --connect exclude each other');
  }
  const remote = values.standalone ? null : await attach(values, io);
  if (remote) return remote;
  const { openStandalone } = await import('./standalone-source.js');
  return openStandalone(values, pids);
}

/** Null: no service, trace without. A service that only wants a token is not passed over in silence. */
async function attach(values: AttachValues, io: Io): Promise<DataSource | null> {
  const { probe } = await import('./http.js');
  const token = values.tokenFile === undefined ? null : readToken(values.tokenFile);
  const service = { url: values.connect ?? `http://${DEFAULT_LISTEN}`, token };
  const refused = await probe(service, values.connect === undefined ? PROBE_MS : undefined);
  if (refused === null) return attached(service, io);
  if (values.connect !== undefined || refused.code === 'UNAUTHORIZED') throw refused;
  if (refused.code !== 'SERVICE_UNREACHABLE') say(io, `${refused.message}; tracing by itself`);
  return null;
}

async function attached(service: ServiceAddress, io: Io): Promise<DataSource> {
  const { RemoteSource } = await import('./remote-source.js');
  say(io, `attached to ${service.url}`);
  return new RemoteSource(service);
}

/** The rows of `topic` in a body that was asked for them. */
export function rowsOf<T extends TableTopic>(body: SnapshotBody, topic: T): readonly RowOf<T>[] {
  return (body.topics[topic]?.rows ?? []) as readonly RowOf<T>[];
}

/** The rows of a table that this source may not have: then none. */
export async function rowsIfAny<T extends TableTopic>(
  feed: DataSource,
  query: TopicQuery<T>,
): Promise<readonly RowOf<T>[]> {
  try {
    return rowsOf(await feed.table(query), query.topic);
  } catch (error) {
    if (error instanceof PortchurnError && error.code === 'UNKNOWN_TOPIC') return [];
    throw error;
  }
}

/** The words of a filter are ANDed, so several processes are several filters; what matches one of them is wanted. */
export function filtersOf({ pids, filter }: EventQuery): string[] {
  return pids.length === 0 ? [filter] : pids.map((pid) => `pid:${pid} ${filter}`.trim());
}
