/**
 * Every way a connection ends, on IPv4, IPv6 and IPv4 through IPv6 sockets: both ends' verdict, who closed first, who closed,
 * bytes and times, against what the kernel's own rules say (endings.py makes the connections). Two tracers see
 * the same connections: one looks into the kernel's table of sockets, one judges by each socket alone.
 */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionEvent, End, FlowRow } from '../../src/protocol/rows.js';
import { Netns } from '../support/netns.js';
import { type Running, start } from '../support/process.js';
import { fileScope } from '../support/scope.js';
import { Watch } from '../support/watch.js';

const SCRIPT = fileURLToPath(new URL('./endings.py', import.meta.url));
const FAMILIES = ['4', '6', 'mapped'] as const;
type Family = (typeof FAMILIES)[number];

/** The kernel may get the peer's FIN with the ACK of ours, or after it: both hold the port. */
const HELD: readonly End[] = ['fin-wait-2', 'time-wait'];

interface Side {
  end: End | readonly End[];
  first: boolean;
  errno?: string;
  /** Who closed is another program, or nobody. */
  closer?: string | null;
}
type Expected = readonly [client: Side, server: Side | null];

const passive: Side = { end: 'passive', first: false };
const wasReset: Side = { end: 'reset', first: false, errno: 'ECONNRESET' };
const brokenPipe: Side = { end: 'reset', first: false, errno: 'EPIPE' };
const aborted: Side = { end: 'aborted', first: false };

const ENDINGS: Record<string, Expected> = {
  client_closes: [{ end: HELD, first: true }, passive],
  server_closes: [passive, { end: HELD, first: true }],
  shutdown_then_peer_closes: [{ end: 'time-wait', first: true }, passive],
  shutdown_then_close: [{ end: 'fin-wait-2', first: true }, passive],
  short_linger2: [{ end: 'fin-wait-2', first: true }, null],
  long_linger2: [{ end: 'fin-wait-2', first: true }, null],
  negative_linger2: [{ end: 'aborted', first: true }, brokenPipe],
  negative_linger2_after_shutdown: [{ end: 'aborted', first: true }, brokenPipe],
  reset_in_fin_wait2: [{ end: 'reset', first: true, errno: 'ECONNRESET' }, aborted],
  reset_in_fin_wait1: [{ end: 'reset', first: true, errno: 'ECONNRESET' }, aborted],
  linger0: [aborted, wasReset],
  unread_data: [aborted, wasReset],
  both_at_once: [
    { end: HELD, first: true },
    { end: HELD, first: true },
  ],
  closing: [
    { end: 'time-wait', first: true },
    { end: HELD, first: true },
  ],
  closing_linger0: [
    { end: 'aborted', first: true },
    { end: HELD, first: true },
  ],
  closing_times_out: [
    { end: 'timeout', first: true, errno: 'ETIMEDOUT' },
    { end: HELD, first: true },
  ],
  keepalive_dies: [{ end: 'timeout', first: true, errno: 'ETIMEDOUT' }, brokenPipe],
  unreachable: [{ end: 'timeout', first: false, errno: 'EHOSTUNREACH', closer: null }, null],
  old_error: [{ end: 'fin-wait-2', first: true }, passive],
  killed: [{ end: 'aborted', first: false, errno: 'ECONNABORTED', closer: 'ss' }, wasReset],
  nobody_accepts: [wasReset, { ...aborted, closer: null }],
  socket_used_twice: [aborted, wasReset],
  bytes_both_ways: [{ end: HELD, first: true }, passive],
  bytes_sent_again: [{ end: HELD, first: true }, passive],
};

const VERDICTS = ['ehash', 'portable'] as const;
type Verdict = (typeof VERDICTS)[number];

/** Where a socket alone deceives: its old error looks like the reason of its end. */
const DECEIVED: typeof ENDINGS = {
  old_error: [{ end: 'timeout', first: true, errno: 'EHOSTUNREACH' }, passive],
};

const scope = fileScope();
const spaces = new Map<Family, { netns: Netns; script: Running }>();
const watches = new Map<Verdict, Watch>();

beforeAll(async () => {
  const made = FAMILIES.map((family) => [family, Netns.create(scope)] as const);
  const all = made.map(([, netns]) => netns);
  for (const verdict of VERDICTS)
    watches.set(verdict, await Watch.start(scope, all, { portableVerdict: verdict === 'portable' }));
  for (const [family, netns] of made) {
    const script = await start(scope, ['python3', SCRIPT, family], { netns });
    spaces.set(family, { netns, script });
  }
});

const space = (family: Family) => spaces.get(family) as { netns: Netns; script: Running };
const watchOf = (verdict: Verdict) => watches.get(verdict) as Watch;

async function portOf(family: Family, name: string): Promise<number> {
  const [line] = await space(family).script.printed(new RegExp(`^\\{"name": "${name}".*\\}$`, 'm'), 60_000);
  return (JSON.parse(line) as { port: number }).port;
}

/** A connection has some ports for itself: of each verdict, so many more times, and of each time two. */
const [MORE_TIMES, PORTS_EACH] = [2, 2];

/** Plays it once more; `times`: how often it was played for this verdict before. */
async function portAgain(family: Family, verdict: Verdict, name: string, times: number): Promise<number> {
  const turn = times + VERDICTS.indexOf(verdict) * MORE_TIMES;
  const port = (await portOf(family, name)) + turn * PORTS_EACH;
  const { script } = space(family);
  script.write(`${name} ${port}\n`);
  await script.printed(new RegExp(`^\\{"name": "${name}", "port": ${port}\\}$`, 'm'), 60_000);
  return port;
}

/** Looks at an ending, and again, each time at a new one, when the kernel hid what it waits for (docs/decisions/hidden-tasks.md). */
async function unlessHidden(
  family: Family,
  verdict: Verdict,
  name: string,
  look: (port: number) => Promise<void>,
): Promise<void> {
  let port = await portOf(family, name);
  for (let times = 1; ; times++) {
    try {
      return await look(port);
    } catch (error) {
      if (times > MORE_TIMES || watchOf(verdict).hidden === 0) throw error;
      port = await portAgain(family, verdict, name, times);
    }
  }
}

/** The close of the client's end, or the server's. */
function closeOf(
  watch: Watch,
  family: Family,
  port: number,
  direction: 'out' | 'in',
): Promise<ConnectionEvent> {
  const { inode } = space(family).netns;
  const isIt = ({ type, netns, direction: way, local, remote }: ConnectionEvent) =>
    type === 'closed' &&
    netns === inode &&
    way === direction &&
    (way === 'out' ? remote : local).port === port;
  return watch.until(() => watch.events.find(isIt), `the ${direction}bound close of port ${port}`);
}

function rowOf(watch: Watch, family: Family, port: number, direction: 'out' | 'in'): FlowRow {
  const { netns, script } = space(family);
  const isIt = (row: FlowRow) =>
    row.netns === netns.inode && row.direction === direction && row.destination.port === port;
  /* An entry that the portable verdict did not expect has nobody's row, once an audit has found it. */
  const rows = watch.flows().filter((row) => isIt(row) && row.process?.pid === script.pid);
  expect(rows).toHaveLength(1);
  return rows[0] as FlowRow;
}

function check(family: Family, event: ConnectionEvent, row: FlowRow, side: Side): void {
  const { script } = space(family);
  expect([side.end].flat()).toContain(event.end);
  expect(event.errno).toBe(side.errno ?? null);
  expect(event.process).toMatchObject({ pid: script.pid, self: false });
  if (side.closer === undefined && side.end !== 'reset') expect(event.closer?.pid).toBe(script.pid);
  if (side.closer !== undefined) expect(event.closer?.comm ?? null).toBe(side.closer);
  const address = family === '6' ? '::1' : '127.0.0.1';
  expect([event.local.address, event.remote.address, row.destination.address]).toEqual([
    address,
    address,
    address,
  ]);
  expect(row).toMatchObject({
    opened: 1,
    closed: 1,
    failed: 0,
    closedFirst: side.first ? 1 : 0,
    established: 0,
  });
  expect(row.lowerBound).toBe(false);
  expect(event.durationMs).toBeGreaterThan(0);
  expect(event.durationMs).toBeLessThan(30_000);
}

const CASES = FAMILIES.flatMap((family) => VERDICTS.map((verdict) => [family, verdict] as const));

describe.each(CASES)('over family %s, verdict %s', (family, verdict) => {
  const expected = verdict === 'portable' ? { ...ENDINGS, ...DECEIVED } : ENDINGS;

  it('is judged so', () => {
    expect(watchOf(verdict).engine.source.health()?.verdictPath).toBe(verdict);
  });

  it.each(Object.entries(expected))('%s', (name, [client, server]) =>
    unlessHidden(family, verdict, name, async (port) => {
      const out = await closeOf(watchOf(verdict), family, port, 'out');
      check(family, out, rowOf(watchOf(verdict), family, port, 'out'), client);
      expect(out.connectMs).toBeGreaterThan(0);
      expect(out.connectMs).toBeLessThan(1000);
      if (server === null) return;
      const into = await closeOf(watchOf(verdict), family, port, 'in');
      check(family, into, rowOf(watchOf(verdict), family, port, 'in'), server);
      expect(into.cookie).not.toBe(out.cookie);
    }),
  );

  it('counts payload bytes exactly at both ends', async () => {
    const port = await portOf(family, 'bytes_both_ways');
    const both = await Promise.all([
      closeOf(watchOf(verdict), family, port, 'out'),
      closeOf(watchOf(verdict), family, port, 'in'),
    ]);
    expect(both).toMatchObject([
      { bytesSent: 1000, bytesReceived: 2345 },
      { bytesSent: 2345, bytesReceived: 1000 },
    ]);
    expect(rowOf(watchOf(verdict), family, port, 'out')).toMatchObject({
      bytesSent: 1000,
      bytesReceived: 2345,
    });
  });

  it('counts bytes that had to be sent again once', async () => {
    const port = await portOf(family, 'bytes_sent_again');
    const both = await Promise.all([
      closeOf(watchOf(verdict), family, port, 'out'),
      closeOf(watchOf(verdict), family, port, 'in'),
    ]);
    expect(both).toMatchObject([
      { bytesSent: 5000, bytesReceived: 0 },
      { bytesSent: 0, bytesReceived: 5000 },
    ]);
  });

  it('counts a connection for each use of a socket', async () => {
    const port = await portOf(family, 'socket_used_twice');
    const [first, second] = await Promise.all([
      closeOf(watchOf(verdict), family, port, 'out'),
      closeOf(watchOf(verdict), family, port + 1, 'out'),
    ]);
    expect(second.cookie).toBe(first.cookie);
    expect(rowOf(watchOf(verdict), family, port + 1, 'out')).toMatchObject({
      opened: 1,
      closed: 1,
      closedFirst: 1,
    });
  });
});
