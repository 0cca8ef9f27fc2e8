/** The mark of a connection's sequence numbers: after both FINs the same at both ends, however it was closed; none of one that was reset. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { TcpEvent } from '../../src/decode/batch.js';
import { DIRECTION, EVENT } from '../../src/decode/layout.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { drainInto, openTracer } from '../support/raw-tracer.js';
import { testScope } from '../support/scope.js';

const SCRIPT = fileURLToPath(new URL('./endings.py', import.meta.url));

/** Of ends that had the peer's FIN, or have all but it. */
const BOTH = [
  'client_closes',
  'server_closes',
  'shutdown_then_peer_closes',
  'shutdown_then_close',
  'both_at_once',
  'closing',
  'old_error',
  'bytes_both_ways',
  'bytes_sent_again',
];
const NONE = ['linger0', 'unread_data', 'reset_in_fin_wait1', 'nobody_accepts', 'killed'];

const IGNORED = { cgroup: () => undefined, process: () => undefined, exit: () => undefined };

it.each(['4', '6'])('over family %s', async (family) => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const tracer = openTracer(scope, netns);
  const script = await start(scope, ['python3', SCRIPT, family], { netns });
  await script.printed(/"bytes_sent_again"/, 60_000);
  const marks = new Map<string, number>();
  const tcp = ({ type, direction, localPort, remotePort, seqMark }: TcpEvent) => {
    if (type !== EVENT.CLOSED) return;
    const isOut = direction === DIRECTION.OUT;
    marks.set(`${isOut ? remotePort : localPort} ${isOut ? 'client' : 'server'}`, seqMark);
  };
  drainInto({ tcp, ...IGNORED }, tracer, 1 << 20);
  const lines = script.stdout.split('\n').filter(Boolean);
  const ports = new Map(
    lines
      .map((line) => JSON.parse(line) as { name: string; port: number })
      .map(({ name, port }) => [name, port]),
  );
  const of = (name: string) => ['client', 'server'].map((end) => marks.get(`${ports.get(name)} ${end}`));
  for (const name of BOTH) {
    const [client, server] = of(name);
    expect([name, client]).toEqual([name, server]);
    expect(client, name).toBeGreaterThan(0);
  }
  for (const name of NONE) expect([name, ...of(name)]).toEqual([name, 0, 0]);
  const all = BOTH.map((name) => of(name)[0]);
  expect(new Set(all).size).toBe(all.length);
});
