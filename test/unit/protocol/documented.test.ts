/**
 * docs/protocol.md describes every frame, every row and every error field of the schemas, and nothing else.
 */
import { readFileSync } from 'node:fs';
import type { TSchema } from 'typebox';
import { describe, expect, it } from 'vitest';
import { asyncApi } from '../../../src/protocol/asyncapi.js';
import {
  CLIENT_FRAMES,
  ErrorBody,
  SERVER_FRAMES,
  TABLE_TOPICS,
  TABLES,
} from '../../../src/protocol/frames.js';
import { ConnectionEvent, ProcessInfo } from '../../../src/protocol/rows.js';
import { checkClientFrame, serverFrameFault } from '../../../src/protocol/validate.js';

const DOCS = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

interface ObjectSchema {
  properties: Record<string, unknown>;
  required?: string[];
}

/** `name`, or `name?` of an optional field, sorted. */
function fieldsOf(schema: TSchema, without: readonly string[] = []): string[] {
  const { properties, required = [] } = schema as unknown as ObjectSchema;
  return Object.keys(properties)
    .filter((name) => !without.includes(name))
    .map((name) => (required.includes(name) ? name : `${name}?`))
    .sort();
}

/** The text below a heading, to the next heading of any level. */
function section(heading: string): string {
  const found = DOCS.split(/^(?=#+ )/m).find((text) => text.startsWith(`${heading}\n`));
  expect(found, `docs/protocol.md has a section "${heading}"`).toBeDefined();
  return found as string;
}

/** From rows such as "| `subscribe {sub, topic, filter?}` | … |". */
const FRAMES = new Map(
  [...DOCS.matchAll(/^\| `(\w+) \{([^}]*)\}` \|/gm)].map(([, type, fields]) => [
    type as string,
    (fields as string).split(', ').sort(),
  ]),
);

const schemaOf = (frame: (typeof SERVER_FRAMES)[keyof typeof SERVER_FRAMES]): TSchema =>
  typeof frame === 'function' ? frame('flows') : frame;
const FRAME_SCHEMAS: [string, TSchema][] = [
  ...Object.entries(CLIENT_FRAMES),
  ...Object.entries(SERVER_FRAMES).map(([type, frame]): [string, TSchema] => [type, schemaOf(frame)]),
];
const ROW_SCHEMAS: [string, TSchema][] = [...Object.entries(TABLES), ['events', ConnectionEvent]];

describe('docs/protocol.md', () => {
  it.each(FRAME_SCHEMAS)('lists the frame %s with its fields', (type, schema) => {
    expect(FRAMES.get(type)).toEqual(fieldsOf(schema, ['type']));
  });

  it('lists no other frame', () => {
    expect([...FRAMES.keys()].sort()).toEqual(FRAME_SCHEMAS.map(([type]) => type).sort());
  });

  it.each(ROW_SCHEMAS)('lists the fields of %s', (topic, schema) => {
    const cells = [...section(`### ${topic}`).matchAll(/^\| (`[^|]*) \|/gm)].map(
      ([, cell]) => cell as string,
    );
    const names = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name as string));
    expect(names.sort()).toEqual(fieldsOf(schema));
  });

  it('lists the parts of a process', () => {
    const text = section('## Rows');
    for (const name of fieldsOf(ProcessInfo)) expect(text).toMatch(new RegExp(`\`${name}[\`:]`));
  });

  it('lists the fields of an error response', () => {
    const fields = /^Error responses are JSON `\{([^}]*)\}`/m.exec(DOCS)?.[1];
    expect(fields?.split(', ').sort()).toEqual(fieldsOf(ErrorBody));
  });
});

describe('every frame', () => {
  interface Document {
    channels: { stream: { messages: Record<string, object> } };
    operations: Record<'fromClient' | 'toClient', { messages: { $ref: string }[] }>;
  }
  const { channels, operations } = asyncApi() as Document;
  const namesIn = (operation: 'fromClient' | 'toClient') =>
    operations[operation].messages.map(({ $ref }) => $ref.split('/').at(-1));

  it.each(Object.keys(CLIENT_FRAMES))(
    'of a client (%s) is in the AsyncAPI document and validated',
    (type) => {
      expect(namesIn('fromClient')).toContain(type);
      expect(() => checkClientFrame({ type, nosuch: 1 })).toThrow(
        expect.objectContaining({ code: 'BAD_FRAME' }),
      );
    },
  );

  it.each(Object.entries(SERVER_FRAMES))(
    'of the service (%s) is in the document and validated',
    (type, frame) => {
      const topics = typeof frame === 'function' ? TABLE_TOPICS : [undefined];
      for (const topic of topics) {
        expect(namesIn('toClient')).toContain(topic === undefined ? type : `${type}.${topic}`);
        const fault = serverFrameFault({ type, ...(topic && { topic }) });
        expect(fault).not.toBeNull();
        expect(fault).not.toMatch(/no such frame/);
      }
    },
  );

  it.each(TABLE_TOPICS)('about %s refers to the one description of its row', (topic) => {
    const message = channels.stream.messages[`snapshot.${topic}`];
    expect(message).toHaveProperty('payload.properties.rows.items.$ref');
  });
});
