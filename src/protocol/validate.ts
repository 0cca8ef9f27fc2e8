/**
 * Compiled validation: of client frames in the service, of everything the service sends in tests. Server side only: it
 * compiles code, which the page's content security policy forbids. In: parsed JSON. Out: a typed client frame, or an error
 * that names the field that is wrong.
 */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { FlowDetail } from './detail.js';
import { PortchurnError } from './errors.js';
import {
  CLIENT_FRAMES,
  type ClientFrame,
  ErrorBody,
  SERVER_FRAMES,
  SnapshotBody,
  TABLE_TOPICS,
  type TableTopic,
  TOPICS,
} from './frames.js';
import { HealthBody } from './health.js';
import { HistoryBody } from './history.js';
import { PortMap } from './ports/schema.js';

type Compiled = ReturnType<typeof Compile>;

interface Validator {
  Check(value: unknown): boolean;
  Errors(value: unknown): ReturnType<Compiled['Errors']>;
}

/** Compiled when it is first used: a service that starts has no frame to check, and sends none of those that tests check. */
function compile(schema: TSchema): Validator {
  let compiled: Compiled | null = null;
  const validator = () => (compiled ??= Compile(schema) as Compiled);
  return { Check: (value) => validator().Check(value), Errors: (value) => validator().Errors(value) };
}

const compileAll = (schemas: Record<string, TSchema>): ReadonlyMap<string, Validator> =>
  new Map(Object.entries(schemas).map(([name, schema]) => [name, compile(schema)]));

const CLIENT = compileAll(CLIENT_FRAMES);

/** The frame, typed. Throws BAD_FRAME, UNKNOWN_TYPE or UNKNOWN_TOPIC. */
export function checkClientFrame(value: unknown): ClientFrame {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PortchurnError('BAD_FRAME', 'a frame is one JSON object');
  }
  const { type, topic } = value as { type?: unknown; topic?: unknown };
  const validator = typeof type === 'string' ? CLIENT.get(type) : undefined;
  if (!validator) throw new PortchurnError('UNKNOWN_TYPE', `type is one of ${[...CLIENT.keys()].join(', ')}`);
  if (validator.Check(value)) return value as ClientFrame;
  if (typeof topic === 'string' && !TOPICS.some((known) => known === topic)) {
    throw new PortchurnError('UNKNOWN_TOPIC', `topic is one of ${TOPICS.join(', ')}`);
  }
  throw new PortchurnError('BAD_FRAME', firstFault(validator, value));
}

/** "/limit must be <= 5000"; of several faults the last is the most specific. */
function firstFault(validator: Validator, value: unknown): string {
  const fault = validator.Errors(value).at(-1);
  return fault ? `${fault.instancePath} ${fault.message}`.trim() : 'not a valid frame';
}

const perTopic = (schemaOf: (topic: TableTopic) => TSchema) =>
  compileAll(Object.fromEntries(TABLE_TOPICS.map((topic) => [topic, schemaOf(topic)])));

/** By `type`; frames about a table further by topic. */
const SERVER: ReadonlyMap<string, Validator | ReadonlyMap<string, Validator>> = new Map(
  Object.entries(SERVER_FRAMES).map(([type, frame]) => [
    type,
    typeof frame === 'function' ? perTopic(frame) : compile(frame),
  ]),
);
const ERROR = compile(ErrorBody);
const BODY = compile(SnapshotBody);
const HISTORY = compile(HistoryBody);
const HEALTH = compile(HealthBody);
const DETAIL = compile(FlowDetail);
const PORTS = compile(PortMap);

/** Null when `frame` is what the protocol promises, else the first fault. */
export function serverFrameFault(frame: { type: string; topic?: string }): string | null {
  const found = SERVER.get(frame.type);
  const validator = found instanceof Map ? found.get(frame.topic ?? '') : (found as Validator | undefined);
  if (!validator) return `no such frame: ${frame.type} ${frame.topic ?? ''}`;
  return validator.Check(frame) ? null : firstFault(validator, frame);
}

/** Null when `body` is what an error response promises, else the first fault. */
export function errorBodyFault(body: unknown): string | null {
  return ERROR.Check(body) ? null : firstFault(ERROR, body);
}

/** Null when `body` is what GET /api/v1/snapshot promises, else the first fault. */
export function snapshotBodyFault(body: unknown): string | null {
  return BODY.Check(body) ? null : firstFault(BODY, body);
}

/** Null when `body` is what GET /api/v1/history promises, else the first fault. */
export function historyBodyFault(body: unknown): string | null {
  return HISTORY.Check(body) ? null : firstFault(HISTORY, body);
}

/** Null when `body` is what GET /healthz promises, else the first fault. */
export function healthBodyFault(body: unknown): string | null {
  return HEALTH.Check(body) ? null : firstFault(HEALTH, body);
}

/** Null when `body` is what GET /api/v1/flow promises, else the first fault. */
export function flowDetailFault(body: unknown): string | null {
  return DETAIL.Check(body) ? null : firstFault(DETAIL, body);
}

/** Null when `body` is what GET /api/v1/ports promises, else the first fault. */
export function portMapFault(body: unknown): string | null {
  return PORTS.Check(body) ? null : firstFault(PORTS, body);
}
