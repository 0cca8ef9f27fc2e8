/**
 * The protocol as an AsyncAPI document, from the same schemas that check it. Enters: nothing. Leaves: a plain object.
 * Called by the test that keeps docs/asyncapi.yaml current.
 */
import type { TSchema } from 'typebox';
import {
  CLIENT_FRAMES,
  deltaFrame,
  ErrorFrame,
  EventsFrame,
  Hello,
  Other,
  STREAM_PATH,
  SUBPROTOCOL,
  snapshotFrame,
  TABLE_TOPICS,
} from './frames.js';
import {
  BudgetRow,
  ConnectionEvent,
  Endpoint,
  FailureRow,
  FindingRow,
  FlowRow,
  ProcessInfo,
  Quantiles,
  TotalsRow,
  VerdictRow,
} from './rows.js';

/** Described once, referred to by name. */
const NAMED: Record<string, TSchema> = {
  TotalsRow,
  FlowRow,
  BudgetRow,
  FailureRow,
  FindingRow,
  VerdictRow,
  ConnectionEvent,
  ProcessInfo,
  Endpoint,
  Quantiles,
  Other,
};

/** What the service sends, by message name: `hello`, `snapshot.flows`, `delta.flows`, … */
const SERVER_FRAMES: Record<string, TSchema> = {
  hello: Hello,
  ...Object.fromEntries(TABLE_TOPICS.map((topic) => [`snapshot.${topic}`, snapshotFrame(topic)])),
  ...Object.fromEntries(TABLE_TOPICS.map((topic) => [`delta.${topic}`, deltaFrame(topic)])),
  events: EventsFrame,
  error: ErrorFrame,
};

const reference = (name: string) => ({ $ref: `#/channels/stream/messages/${name}` });
const messages = (frames: Record<string, TSchema>) =>
  mapValues(frames, (schema) => ({ contentType: 'application/json', payload: plain(schema) }));

function mapValues<T, U>(from: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, change(value)]));
}

/** The schema as data, with named schemas inside it by reference. */
function plain(schema: unknown, top = true): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((one) => plain(one, false));
  const name = top ? undefined : Object.keys(NAMED).find((one) => TEXTS[one] === JSON.stringify(schema));
  if (name) return { $ref: `#/components/schemas/${name}` };
  return mapValues(schema as Record<string, unknown>, (part) => plain(part, false));
}

const TEXTS = mapValues(NAMED, (schema) => JSON.stringify(schema));
const operation = (action: 'send' | 'receive', frames: Record<string, TSchema>) => ({
  action,
  channel: { $ref: '#/channels/stream' },
  messages: Object.keys(frames).map(reference),
});

/** AsyncAPI 3.0, from the service's side: it receives client frames and sends the rest. */
export function asyncApi(): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: SUBPROTOCOL,
      version: '1',
      description: 'JSON text frames over WebSocket; the same objects, one per line, at stream.ndjson.',
    },
    channels: {
      stream: { address: STREAM_PATH, messages: messages({ ...CLIENT_FRAMES, ...SERVER_FRAMES }) },
    },
    components: { schemas: mapValues(NAMED, (schema) => plain(schema)) },
    operations: {
      fromClient: operation('receive', CLIENT_FRAMES),
      toClient: operation('send', SERVER_FRAMES),
    },
  };
}
