/**
 * `portchurn trace --pid` beside a running service: the connections of that process, both ends when it has both, and nobody
 * else's, while 20,000 connections per second of others go by.
 */
import { expect, it } from 'vitest';
import type { ConnectionEvent } from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { Netns } from '../support/netns.js';
import { patient } from '../support/patience.js';
import { type Running, start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { portchurn, type Service, startService } from '../support/service.js';
import { ATTEMPTS } from '../support/watch.js';

const LOAD_PER_SECOND = 20_000;
const TRACED = 200;
const TRACED_PER_SECOND = 100;
/** The load lasts longer than what is traced. */
const LOAD_SECONDS = 3;
/** A close that is not hidden is shown at once: after so long without one, what is missing does not come. */
const SILENCE_MS = 5000;
const WITHIN_MS = 60_000;

const events = (trace: Running) =>
  trace.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ConnectionEvent);

const ofType = (trace: Running, type: string) => events(trace).filter((event) => event.type === type);

/** Everybody else: many connections to many destinations, as soon as it is told to go. */
const startLoad = (scope: Scope, netns: Netns, seconds = LOAD_SECONDS) =>
  churnClient(scope, netns, {
    to: '127.0.1.1:9000',
    spread: 250,
    rate: LOAD_PER_SECOND,
    count: LOAD_PER_SECOND * seconds,
    gate: true,
  });

/** What the BPF program has sent so far, or wanted to. */
async function records(service: Service): Promise<number> {
  const [row] = (await service.snapshot('totals')).rows;
  return (row?.eventsSeen ?? 0) + (row?.eventsLost ?? 0);
}

/** Waits until that many events of a type have been printed. */
const seen = (trace: Running, type: string, count: number, withinMs = WITHIN_MS) =>
  trace.until(
    () => trace.stdout.split(`"type":"${type}"`).length > count && trace.stdout.endsWith('\n'),
    `show ${count} ${type}`,
    withinMs,
  );

/** Waits for every close, and no longer than there is hope: not when the service knows of hidden ones and nothing more comes. */
async function allClosed(trace: Running, service: Service): Promise<void> {
  const deadline = performance.now() + patient(WITHIN_MS);
  for (;;) {
    const before = trace.stdout.length;
    try {
      await seen(trace, 'closed', TRACED, SILENCE_MS);
      return;
    } catch (error) {
      const isSilent = trace.stdout.length === before;
      if (performance.now() > deadline || (isSilent && (await service.missedCloses()) > 0)) throw error;
    }
  }
}

async function traceOf(scope: Scope, service: Service, pid: number, ...more: string[]) {
  const words = ['trace', '--pid', String(pid), '-o', 'ndjson', '--connect', service.url, ...more];
  const running = await start(scope, portchurn(...words));
  await running.printed(/tracing pid/);
  return running;
}

/** Ctrl-C, as a user ends it. */
async function interrupt(trace: Running): Promise<void> {
  expect((await trace.stop('SIGINT')).code).toBe(130);
}

/** Again, at most twice, when the kernel hid part of what happened (docs/decisions/hidden-tasks.md). */
async function unlessHidden(story: (service: Service) => Promise<void>): Promise<void> {
  for (let left = ATTEMPTS; ; left--) {
    const service = await startService(testScope());
    try {
      return await story(service);
    } catch (error) {
      if (left === 1 || (await service.missedCloses()) === 0) throw error;
    }
  }
}

it('shows every connection of one process, and no other, under load', () => unlessHidden(traceOneOfMany));

async function traceOneOfMany(service: Service): Promise<void> {
  const scope = testScope();
  const netns = Netns.create(scope, { 'net.core.somaxconn': 65_535 });
  await churnServer(scope, netns, ['0.0.0.0:9000']);
  const one = await churnClient(scope, netns, {
    to: '127.0.0.1:9000',
    count: TRACED,
    rate: TRACED_PER_SECOND,
    gate: true,
    stay: true,
  });
  const trace = await traceOf(scope, service, one.pid);
  const load = await startLoad(scope, netns);
  load.go();
  one.go();
  const [passed] = await Promise.all([load.done(), one.done()]);
  expect(passed.opened).toBe(LOAD_PER_SECOND * LOAD_SECONDS);
  await allClosed(trace, service);
  expect(new Set(events(trace).map((event) => event.process.pid))).toEqual(new Set([one.pid]));
  for (const type of ['connect', 'established', 'closed']) expect(ofType(trace, type)).toHaveLength(TRACED);
  const cookies = (type: string) => ofType(trace, type).map((event) => event.cookie);
  expect(new Set(cookies('closed'))).toEqual(new Set(cookies('connect')));
  for (const event of ofType(trace, 'closed')) {
    expect(event).toMatchObject({
      direction: 'out',
      remote: { address: '127.0.0.1', port: 9000 },
      errno: null,
    });
    expect(event.closer?.pid).toBe(one.pid);
    expect(event.end).toMatch(/^(time-wait|fin-wait-2)$/);
  }
  await interrupt(trace);
}

it('asks the kernel for nothing more of those it does not trace', async () => {
  const scope = testScope();
  const netns = Netns.create(scope, { 'net.core.somaxconn': 65_535 });
  await churnServer(scope, netns, ['0.0.0.0:9000']);
  const service = await startService(scope);
  const recordsOfLoad = async () => {
    const before = await records(service);
    const load = await startLoad(scope, netns, 1);
    load.go();
    await load.done();
    return (await records(service)) - before;
  };
  const untraced = await recordsOfLoad();
  expect(untraced).toBeGreaterThan(LOAD_PER_SECOND);
  await traceOf(scope, service, process.pid);
  expect(await recordsOfLoad()).toBeLessThan(untraced * 1.2); // each transition of a traced one would be a record
});

it('shows what a server accepts, and each transition with --raw', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const server = await churnServer(scope, netns, ['127.0.0.1:9000']);
  const service = await startService(scope);
  const trace = await traceOf(scope, service, server.pid, '--raw');
  const client = await churnClient(scope, netns, { to: '127.0.0.1:9000', count: 10 });
  await client.done();
  await seen(trace, 'closed', 10);
  expect(new Set(events(trace).map((event) => event.process.pid))).toEqual(new Set([server.pid]));
  expect(ofType(trace, 'accepted')).toHaveLength(10);
  const closed = ofType(trace, 'closed');
  expect(closed.map((event) => event.direction)).toEqual(Array(10).fill('in'));
  expect(closed.map((event) => event.end)).toEqual(Array(10).fill('passive'));
  const states = ofType(trace, 'transition').map((event) => `${event.oldState} ${event.newState}`);
  expect(states.filter((text) => text === 'close-wait last-ack')).toHaveLength(10);
  await interrupt(trace);
});
