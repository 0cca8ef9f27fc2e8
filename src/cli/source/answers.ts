/**
 * What a service said, checked by the schemas before anything is made of it: whatever listens there may say anything, and a service of
 * another version something else. In: bodies and frames. Out: the same, or BAD_ANSWER.
 */
import { type TSchema, Type } from 'typebox';
import { PortchurnError } from '../../protocol/errors.js';
import {
  ErrorFrame,
  EventsFrame,
  PortsFrame,
  PROTOCOL,
  Problem,
  type ServerFrame,
  SnapshotBody,
  type TableTopic,
} from '../../protocol/frames.js';
import { VERSION } from '../../protocol/version.js';
import { faultIn } from './fault.js';

const HINT = 'use the portchurn of the same version as the service';
const Limits = Type.Array(Problem);
/** Of a hello only that it speaks this protocol, and of what, matters here; a newer one may say what this version does not know. */
const FRAMES: Partial<Record<string, TSchema>> = {
  hello: Type.Object({ protocol: Type.Literal(PROTOCOL), topics: Type.Array(Type.String()) }),
  events: EventsFrame,
  ports: PortsFrame,
  error: ErrorFrame,
};

/** `service`: what messages call it; `version`: its own, null when it does not say. */
export function badAnswer(service: string, version: string | null, fault: string): PortchurnError {
  const theirs = version === null ? 'its version is not known' : `it is version ${version}`;
  const message = `the answer of ${service} cannot be read: ${fault} (${theirs}, this is ${VERSION})`;
  return new PortchurnError('BAD_ANSWER', message, { hint: HINT });
}

/** Null: the body has the table that was asked for, as promised. */
export function snapshotFault(body: unknown, topic: TableTopic): string | null {
  const fault = faultIn(SnapshotBody, body);
  if (fault !== null) return fault;
  return (body as SnapshotBody).topics[topic] === undefined ? `/topics/${topic} is missing` : null;
}

/** An older service does not say what it cannot see. */
export function limitsFault(limits: unknown): string | null {
  const fault = limits === undefined ? null : faultIn(Limits, limits);
  return fault === null ? null : `/limits${fault.replace(/^the answer/, '')}`;
}

/** Null: it is as promised, or of a type that nothing here looks at. */
export function frameFault(frame: ServerFrame): string | null {
  const schema = FRAMES[frame.type];
  return schema === undefined ? null : faultIn(schema, frame);
}
