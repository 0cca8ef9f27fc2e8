/** Thousands of requests at once: the event loop turns between any two, and a connection with one of them is not behind all of another's. */
import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Turns } from '../../../../src/publish/http/turns.js';
import { World } from '../world.js';

const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
const [CONNECTIONS, EACH] = [40, 16];

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('one is done in a turn, of each connection one after the other, and of one that has ended none', async () => {
  const [turns, done] = [new Turns(), [] as string[]];
  const [a, b, gone] = [new Socket(), new Socket(), new Socket()];
  const ask = (socket: Socket, name: string) => turns.later(socket, () => done.push(name));
  for (const name of ['a1', 'a2', 'a3']) ask(a, name);
  for (const name of ['gone1', 'gone2']) ask(gone, name);
  for (const name of ['b1', 'b2']) ask(b, name);
  gone.destroy();
  expect(done).toEqual([]);
  const counts: number[] = [];
  for (let at = 0; at < 7; at++) {
    await turn();
    counts.push(done.length);
  }
  expect(done).toEqual(['a1', 'b1', 'a2', 'b2', 'a3']);
  expect(counts.map((count, at) => count - (counts[at - 1] ?? 0)).every((more) => more <= 1)).toBe(true);
  ask(a, 'a4');
  await turn();
  await turn();
  expect(done.at(-1)).toBe('a4');
});

it('a storm of requests leaves the timers of the service their turns', async () => {
  const world = await World.start();
  onTestFinished(() => world.stop());
  let [turns, isOver] = [0, false];
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  count();
  const answeredIn = new Map<number, number>();
  vi.spyOn(world.source, 'health').mockImplementation(() => {
    answeredIn.set(turns, (answeredIn.get(turns) ?? 0) + 1);
    return world.source.state;
  });
  const storm = async () => {
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    let answers = 0;
    const all = new Promise<void>((resolve) =>
      socket.on('data', (data) => {
        answers += data.toString().split('HTTP/1.1 200').length - 1;
        if (answers === EACH) resolve();
      }),
    );
    socket.write(REQUEST.repeat(EACH));
    return all;
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, storm));
  isOver = true;
  const counts = [...answeredIn.values()];
  expect(counts.reduce((sum, answers) => sum + answers, 0)).toBe(CONNECTIONS * EACH);
  expect(Math.max(...counts)).toBe(1);
});
