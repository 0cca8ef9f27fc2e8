import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { connectionEvent } from '../../../../src/aggregate/ingest/connection-event.js';
import { EventTap } from '../../../../src/aggregate/ingest/event-tap.js';
import { errnoName } from '../../../../src/aggregate/model/cause.js';
import { DIRECTION, END, EVENT, FLAG } from '../../../../src/decode/layout.js';
import { ConnectionEvent } from '../../../../src/protocol/rows.js';
import { announced, eventOf, failed, outbound, World } from '../../../support/aggregate-world.js';
import type { Fields } from '../../../support/records.js';

const valid = Compile(ConnectionEvent);

/** The event as clients see it. */
function shown(type: number, more: Fields<'tcp_event'> = {}): ConnectionEvent {
  const world = new World();
  const events: ConnectionEvent[] = [];
  world.aggregator.observer = (...args) => events.push(connectionEvent(...args));
  world.feed(announced(1), announced(2), eventOf(outbound(), type, more));
  expect(events).toHaveLength(1);
  expect([...valid.Errors(events[0])]).toEqual([]);
  return events[0] as ConnectionEvent;
}

describe('an event for clients', () => {
  it('says everything of a close', () => {
    const facts = { closer: 2, closer_tgid: 1002, bytes_sent: 5, bytes_received: 6, duration_ns: 1_234_567 };
    const states = { oldstate: 5, newstate: 7, end: END.FIN_WAIT2, connect_us: 77, flags: FLAG.OPEN_SENT };
    expect(shown(EVENT.CLOSED, { ...facts, ...states, cookie: 2n ** 63n })).toMatchObject({
      type: 'closed',
      cookie: '9223372036854775808',
      netns: 4026530001,
      process: { pid: 1001 },
      closer: { pid: 1002 },
      local: { address: '10.0.0.1', port: 40001 },
      remote: { address: '10.0.0.9', port: 5432 },
      direction: 'out',
      errno: null,
      cause: null,
      oldState: 'fin-wait-2',
      newState: 'close',
      durationMs: 1.235,
      connectMs: 0.077,
      bytesSent: 5,
      bytesReceived: 6,
      end: 'fin-wait-2',
    });
  });

  it('leaves null what an event of its type does not have', () => {
    expect(shown(EVENT.ESTABLISHED, { oldstate: 2, newstate: 1, direction: DIRECTION.NONE })).toMatchObject({
      closer: null,
      direction: null,
      errno: null,
      cause: null,
      durationMs: null,
      connectMs: null,
      bytesSent: null,
      bytesReceived: null,
      end: null,
    });
    expect(shown(EVENT.FAILED, { lport: 0, cookie: 0 })).toMatchObject({
      cookie: null,
      local: { port: null },
    });
  });

  it.each(
    Object.entries(END)
      .slice(1)
      .map(
        ([name, number]) =>
          [number, name.toLowerCase().replaceAll('_', '-').replace('wait2', 'wait-2')] as const,
      ),
  )('names end %i %s', (end, name) => {
    expect(shown(EVENT.CLOSED, { end }).end).toBe(name);
  });

  it.each([
    [111, 'ECONNREFUSED', 'refused'],
    [110, 'ETIMEDOUT', 'timed-out'],
    [113, 'EHOSTUNREACH', 'unreachable'],
    [101, 'ENETUNREACH', 'unreachable'],
    [104, 'ECONNRESET', 'reset'],
    [1, 'EPERM', 'not-permitted'],
    [12, 'ENOMEM', 'no-memory'],
    [22, 'EINVAL', 'other'],
  ])('names errno %i %s, cause %s', (err, errno, cause) => {
    expect(shown(EVENT.FAILED, { err })).toMatchObject({ errno, cause, type: 'failed' });
  });

  it('tells an aborted attempt from a failed one, and a taken tuple from exhausted ports', () => {
    expect(shown(EVENT.FAILED, { end: END.ABORTED })).toMatchObject({
      errno: null,
      cause: 'aborted',
      end: 'aborted',
    });
    expect(shown(EVENT.FAILED, { err: 99, flags: FLAG.BOUND_BEFORE })).toMatchObject({
      errno: 'EADDRNOTAVAIL',
      cause: 'tuple-in-use',
    });
  });

  it('has a name for numbers without one', () => {
    expect(errnoName(0)).toBeNull();
    expect(errnoName(4000)).toBe('E4000');
  });
});

describe('the tap', () => {
  const setUp = () => {
    const world = new World();
    const traced: number[][] = [];
    const tap = new EventTap({ setTraced: (pids) => traced.push(pids) }, world.aggregator);
    const seen: (number | null)[] = [];
    const listener = (events: readonly ConnectionEvent[], dropped: number) => {
      seen.push(...events.map(({ process }) => process.pid), ...(dropped ? [-dropped] : []));
    };
    world.feed(announced(1), announced(2));
    return { world, traced, tap, seen, listener };
  };

  it('passes on the events of those listened to, and asks the kernel for them', () => {
    const { world, traced, tap, seen, listener } = setUp();
    tap.listen({ all: false, pids: [1002] }, listener);
    world.feed(failed(outbound()), failed(outbound({ owner: 2, cookie: 2 })));
    tap.flush();
    expect(seen).toEqual([1002]);
    expect(traced).toEqual([[1002]]);
  });

  it('passes on what the kernel marked as traced, whoever its owner', () => {
    const { world, tap, seen, listener } = setUp();
    tap.listen({ all: false, pids: [77] }, listener);
    world.feed(eventOf(outbound(), EVENT.TRANSITION, { flags: FLAG.TRACED }));
    tap.flush();
    expect(seen).toEqual([1001]);
  });

  it('passes on everything to who wants all, nothing to nobody', () => {
    const { world, traced, tap, seen, listener } = setUp();
    tap.listen({ all: true, pids: [] }, listener);
    world.feed(failed(outbound()));
    tap.listen(null, listener);
    world.feed(failed(outbound({ cookie: 2 })));
    tap.flush();
    expect(seen).toEqual([]);
    expect(world.aggregator.observer).toBeNull();
    expect(traced).toEqual([[], []]);
  });

  it('counts what the ring had no room for, also when nothing else comes', () => {
    const { tap, seen, listener } = setUp();
    tap.lost(5);
    tap.listen({ all: true, pids: [] }, listener);
    tap.flush();
    expect(seen).toEqual([]);
    tap.lost(1756);
    tap.lost(0);
    tap.flush();
    expect(seen).toEqual([-1756]);
  });

  it('counts what does not fit between two flushes', () => {
    const { world, tap, seen, listener } = setUp();
    tap.listen({ all: true, pids: [] }, listener);
    world.feed(...Array.from({ length: 4100 }, (_, n) => failed(outbound({ cookie: n + 1 }))));
    tap.flush();
    expect(seen).toHaveLength(4097);
    expect(seen.at(-1)).toBe(-4);
    tap.flush();
    expect(seen).toHaveLength(4097);
  });
});
