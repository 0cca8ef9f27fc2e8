/**
 * A hundred thousand malformed frames, the same in every run: JSON with wrong fields, damaged text, random bytes, binary.
 * Each is answered with one error (or, where a mutation left it valid, with a snapshot), and the service lives on.
 */
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Random, random } from '../../../support/random.js';
import { type TestClient, World } from '../world.js';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

const FRAMES = 100_000;
/** Fewer than a client may send at once. */
const PER_CLIENT = 450;
const LANES = 4;
/** Some 14 s of work; a busy machine takes several times that. */
const WITHIN_MS = 240_000;

const VALUES = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  '',
  'x',
  '\u0000',
  [],
  {},
  [[]],
  'flows',
  'subscribe',
  'a'.repeat(5000),
];
const FIELDS = [
  'type',
  'sub',
  'topic',
  'filter',
  'sort',
  'limit',
  'group',
  'intervalMs',
  '__proto__',
  'constructor',
];
/** Pieces that a filter expression is made of. */
const WORDS = [
  'pid:',
  '!',
  '"',
  '/',
  '(a+)+$',
  'dst:',
  '10.0.0.0/99',
  '[::1',
  ':',
  '>',
  ' ',
  '*',
  '\\',
  'netns:x',
  '€',
];

const pick = <T>(next: Random, from: readonly T[]): T => from[next(from.length)] as T;

function wrongFields(next: Random): string {
  const frame: Record<string, unknown> = { type: 'subscribe', sub: 's', topic: 'flows', filter: 'ab' };
  for (let i = next(4); i >= 0; i--) {
    const value = pick(next, VALUES);
    Object.defineProperty(frame, pick(next, FIELDS), { value, enumerable: true, configurable: true });
  }
  return JSON.stringify(frame);
}

function wrongFilter(next: Random): string {
  const filter = Array.from({ length: 1 + next(8) }, () => pick(next, WORDS)).join('');
  return JSON.stringify({ type: 'subscribe', sub: 'f', topic: pick(next, ['flows', 'budgets']), filter });
}

function damaged(next: Random): string | Buffer {
  const bytes = Buffer.from(wrongFields(next));
  for (let i = next(4); i >= 0; i--) bytes[next(bytes.length)] = 32 + next(95);
  return next(4) === 0 ? bytes : bytes.toString('latin1');
}

function randomText(next: Random): string {
  return String.fromCharCode(...Array.from({ length: next(60) }, () => next(0xd800)));
}

function nested(next: Random): string {
  const depth = 1 + next(2000);
  return pick(next, ['['.repeat(depth) + ']'.repeat(depth), '{"a":'.repeat(depth), '9'.repeat(depth)]);
}

const KINDS = [wrongFields, wrongFields, wrongFilter, damaged, damaged, randomText, nested];

/** Sends its share over one connection, and counts the answers. */
async function attack(frames: readonly (string | Buffer)[]): Promise<number> {
  const client = await world.connect();
  for (const frame of frames) client.socket.send(frame);
  client.send({ type: 'unsubscribe', sub: 'the end' });
  await client.until((frame) => frame.type === 'error' && frame.sub === 'the end');
  /* One that is accepted is answered by its snapshot, in one of the next turns. */
  await client.until(() => answersOf(client) >= frames.length);
  client.socket.terminate();
  return answersOf(client);
}

/** Without hello and the answer to the last frame. */
function answersOf(client: TestClient): number {
  const answers = client.frames.filter(({ type }) => type === 'error' || type === 'snapshot');
  return answers.length - 1;
}

describe('malformed frames', () => {
  it(
    `get one answer each, ${FRAMES} of them, and never hurt the service`,
    async () => {
      const next = random(1);
      let [sent, answered] = [0, 0];
      const lane = async () => {
        while (sent < FRAMES) {
          const share = Math.min(PER_CLIENT, FRAMES - sent);
          sent += share;
          const answers = await attack(Array.from({ length: share }, () => pick(next, KINDS)(next)));
          answered += answers;
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      expect(answered).toBe(FRAMES);
      const witness = await world.connect();
      witness.send({ type: 'subscribe', sub: 'x', topic: 'flows' });
      await witness.snapshotOf('x');
    },
    WITHIN_MS,
  );

  it('of raw bytes close at most their own connection', async () => {
    const next = random(2);
    for (let round = 0; round < 200; round++) {
      const client = await world.connect();
      const socket = (client.socket as unknown as { _socket: Socket })._socket;
      socket.write(Buffer.from(Array.from({ length: 1 + next(60) }, () => next(256))));
      socket.end();
      await client.closing();
    }
    expect((await world.get('/healthz')).status).toBe(200);
  });
});
