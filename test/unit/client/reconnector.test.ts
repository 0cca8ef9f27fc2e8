import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ClientSocket } from '../../../src/client/connection.js';
import type { Link, LostReason } from '../../../src/client/link.js';
import { Reconnector } from '../../../src/client/reconnector.js';

/** A WebSocket without a network: the test plays the service. */
class Socket extends EventTarget {
  readyState = 0;
  readonly sent: object[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  frame(frame: object): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }));
  }

  drop(): void {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event('close'), { code: 1006 }));
  }
}

const sockets: Socket[] = [];
const links: Link[] = [];
const last = () => sockets.at(-1)!;

function connect(explain: () => Promise<LostReason> = async () => 'stopped'): Reconnector {
  const reconnector = new Reconnector({
    open() {
      sockets.push(new Socket());
      return last() as unknown as ClientSocket;
    },
    explain,
    onFrame: () => undefined,
    onLink: (link) => links.push(link),
    onDisconnect: () => undefined,
  });
  reconnector.start();
  return reconnector;
}

beforeEach(() => {
  sockets.length = 0;
  links.length = 0;
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it('sends nothing before the hello, so that nothing is subscribed twice', () => {
  const reconnector = connect();
  last().open();
  reconnector.send({ type: 'unsubscribe', sub: 'early' });
  last().frame({ type: 'hello' });
  reconnector.send({ type: 'unsubscribe', sub: 'late' });
  expect(last().sent).toEqual([{ type: 'unsubscribe', sub: 'late' }]);
});

it('says why a handshake failed, and that a link it had was dropped', async () => {
  connect();
  last().drop();
  await vi.advanceTimersByTimeAsync(0);
  expect(links.map((link) => (link.phase === 'lost' ? link.reason : link.phase))).toEqual([
    'connecting',
    'unreachable',
    'stopped',
  ]);
  await vi.advanceTimersByTimeAsync(500);
  last().open();
  last().frame({ type: 'hello' });
  last().drop();
  expect(links.at(-1)).toMatchObject({ phase: 'lost', reason: 'dropped' });
});

it('waits twice as long after each failure, and not at all once the network is back', async () => {
  const reconnector = connect();
  last().drop();
  await vi.advanceTimersByTimeAsync(499);
  expect(sockets).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(sockets).toHaveLength(2);
  last().drop();
  reconnector.retryNow();
  expect(sockets).toHaveLength(3);
});

it('has one attempt waiting, however often the network came back meanwhile', async () => {
  const reconnector = connect();
  for (let attempt = 0; attempt < 5; attempt++) {
    last().drop();
    reconnector.retryNow();
  }
  last().drop();
  const before = sockets.length;
  /* The sixth pause is the longest of these, 15 s: the pauses before it must not bring attempts of their own. */
  await vi.advanceTimersByTimeAsync(14_999);
  expect(sockets).toHaveLength(before);
  await vi.advanceTimersByTimeAsync(1);
  expect(sockets).toHaveLength(before + 1);
});

it('takes silence for the end of the link', async () => {
  connect();
  last().open();
  last().frame({ type: 'hello' });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(links.some((link) => link.phase === 'lost' && link.reason === 'dropped')).toBe(true);
});
