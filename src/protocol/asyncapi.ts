/**
 * The protocol as an AsyncAPI document, from the schemas that validate it. In: nothing. Out: a plain object. A unit test
 * compares it with docs/asyncapi.yaml.
 */
import type { TSchema } from 'typebox';
import { CLIENT_FRAMES, Other, SERVER_FRAMES, STREAM_PATH, SUBPROTOCOL, TABLE_TOPICS } from './frames.js';
import {
  BudgetRow,
  ConnectionEvent,
  Endpoint,
  FailureRow,
  FindingRow,
  Fix,
  FlowRow,
  IncidentRemedy,
  IncidentRow,
  ProcessInfo,
  Quantiles,
  TotalsRow,
  VerdictRow,
} from './rows.js';

/** Described once in the document, then referred to by name. */
const NAMED: Record<string, TSchema> = {
  TotalsRow,
  FlowRow,
  IncidentRow,
  IncidentRemedy,
  BudgetRow,
  FailureRow,
  FindingRow,
  VerdictRow,
  ConnectionEvent,
  ProcessInfo,
  Endpoint,
  Quantiles,
  Fix,
  Other,
};

/** By message name: `hello`, `snapshot.flows`, `delta.flows`, … */
const SERVER_MESSAGES: Record<string, TSchema> = Object.fromEntries(
  Object.entries(SERVER_FRAMES).flatMap(([type, frame]): [string, TSchema][] =>
    typeof frame === 'function'
      ? TABLE_TOPICS.map((topic) => [`${type}.${topic}`, frame(topic)])
      : [[type, frame]],
  ),
);

const reference = (name: string) => ({ $ref: `#/channels/stream/messages/${name}` });
const messages = (frames: Record<string, TSchema>) =>
  mapValues(frames, (schema) => ({ contentType: 'application/json', payload: plain(schema) }));

function mapValues<T, U>(from: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, change(value)]));
}

/** The schema as data, with references in place of the named schemas inside it. */
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
      stream: { address: STREAM_PATH, messages: messages({ ...CLIENT_FRAMES, ...SERVER_MESSAGES }) },
    },
    components: { schemas: mapValues(NAMED, (schema) => plain(schema)) },
    operations: {
      fromClient: operation('receive', CLIENT_FRAMES),
      toClient: operation('send', SERVER_MESSAGES),
    },
  };
}
