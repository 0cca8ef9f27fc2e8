/**
 * connect() that fails before it sends anything: no route, a route that refuses, no source address. No state transition tells
 * of it; the system call does, once, for blocking and non-blocking sockets alike.
 */
import { describe, expect, it } from 'vitest';
import { churnClient } from '../support/churngen.js';
import { failures, fence } from '../support/failing.js';
import { fileScope, testScope } from '../support/scope.js';
import { type View, watched } from '../support/watch.js';

const next = watched(fileScope(), 32);

/** Route types that refuse, and what the caller gets. */
const ROUTES = [
  ['no route at all', null, 'ENETUNREACH', 'unreachable'],
  ['an unreachable route', 'unreachable', 'EHOSTUNREACH', 'unreachable'],
  ['a prohibiting route', 'prohibit', 'EACCES', 'not-permitted'],
  ['a black hole', 'blackhole', 'EINVAL', 'other'],
] as const;

const FAMILIES = [
  ['IPv4', '10.99.0.1', '10.99.0.0/16', {}],
  ['IPv6', 'fd99::1', 'fd99::/16', {}],
  ['IPv4 in IPv6', '10.99.0.1', '10.99.0.0/16', { mapped: true as const }],
] as const;

const target = (address: string) => `${address.includes(':') ? `[${address}]` : address}:443`;

/** Three attempts; then one failure row of three, one event each, the flow and the namespace count three. */
async function expectThree(view: View, address: string, call: string, more: object, want: object) {
  const scope = testScope();
  const client = await churnClient(scope, view.netns, { to: target(address), count: 3, call, ...more });
  const { failed } = await client.done();
  expect(failed).toBe(3);
  await fence(scope, view);
  const destination = { address, port: 443 };
  const process = { pid: client.pid, comm: 'churngen' };
  const row = { count: 3, call: 'connect', direction: 'out', destination, process, budget: null, ...want };
  expect(failures(view).filter((one) => one.destination.port === 443)).toMatchObject([row]);
  const events = view.events().filter(({ remote }) => remote.port === 443);
  const event = { type: 'failed', direction: 'out', remote: destination, process, end: null, ...want };
  expect(events).toMatchObject([event, event, event]);
  expect(events.every(({ cookie }) => cookie === null || /^[1-9]\d*$/.test(cookie))).toBe(true);
  const flows = view.flows('out').filter((flow) => flow.destination.port === 443);
  expect(flows).toMatchObject([{ opened: 0, failed: 3, destination }]);
}

describe.each(['block', 'nonblock'])('connect() (%s) over', (call) => {
  for (const [route, type, errno, cause] of ROUTES)
    it.each(FAMILIES)(`${route} fails with ${errno}, once: %s`, async (_, address, prefix, more) => {
      const view = next();
      if (type !== null) view.netns.exec('ip', 'route', 'add', type, prefix);
      await expectThree(view, address, call, more, { errno, cause });
    });

  it('a namespace without IPv6 has no source address, which is no exhaustion', async () => {
    const view = next({ 'net.ipv6.conf.all.disable_ipv6': 1 });
    const want = { errno: 'EADDRNOTAVAIL', cause: 'no-source-address' };
    await expectThree(view, '::1', call, {}, want);
  });
});

describe('io_uring’s connect()', () => {
  it('that finds no route leaves no event: the kernel tells nobody', async () => {
    const scope = testScope();
    const view = next();
    const client = await churnClient(scope, view.netns, { to: '10.99.0.1:443', count: 3, call: 'uring' });
    expect(await client.done()).toMatchObject({ errors: { ENETUNREACH: 3 } });
    await fence(scope, view);
    expect(view.events().filter(({ remote }) => remote.port === 443)).toEqual([]);
  });
});

describe('without system call tracing', () => {
  const blind = watched(fileScope(), 1, { syscalls: false });
  it('what comes to no transition is not told, what does is', async () => {
    const scope = testScope();
    const view = blind();
    await (await churnClient(scope, view.netns, { to: '10.99.0.1:443', count: 3 })).done();
    await fence(scope, view);
    expect(view.events('failed').map(({ remote }) => remote.port)).toEqual([65_000]);
  });
});
