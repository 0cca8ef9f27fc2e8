/**
 * Attempts that the network answers with an error, or does not answer at all: each told once, with the errno the caller got and
 * with the process that called, however it called, though the answer comes in nobody's context. All of them wait at the same
 * time, in namespaces of their own: those that wait longest come first.
 */
import { describe, expect, it } from 'vitest';
import { CALLS, counted, fail, failures, HIDDEN } from '../support/failing.js';
import { rule } from '../support/firewall.js';
import { link, Netns } from '../support/netns.js';
import { fileScope, type Over, testScope } from '../support/scope.js';
import { type View, watched } from '../support/watch.js';

const scope = fileScope();
const next = watched(scope, 48);

const HOSTS = [
  ['IPv4', '127.0.0.1', {}],
  ['IPv6', '::1', {}],
  ['IPv4 in IPv6', '127.0.0.1', { mapped: true as const }],
] as const;

const target = (address: string, port: number) =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;

async function expectTwo(test: Over, view: View, address: string, flags: object, want: object, port = 9) {
  const client = await fail(testScope(test), view, { to: target(address, port), count: 2, ...flags }, 2);
  const process = { pid: client.pid, comm: 'churngen' };
  const row = { direction: 'out', call: 'connect', destination: { address, port }, process, ...want };
  expect(failures(view)).toMatchObject([{ count: 2, ...row }]);
  expect(view.events('failed')).toHaveLength(2);
  expect(view.flows('out')).toMatchObject([{ failed: 2, opened: 0 }]);
  expect(view.totals()?.failed).toBe(2);
}

/** A host beyond a link of its own, which knows our addresses. */
function neighbour(view: View): Netns {
  const peer = Netns.create(scope);
  link(view.netns, peer, [
    ['10.77.0.1/24', '10.77.0.2/24'],
    ['fd77::1/64', 'fd77::2/64'],
  ]);
  return peer;
}

describe.concurrent.each(CALLS)('connect() (%s)', HIDDEN, (call) => {
  it('to a neighbour that does not exist', async (test) => {
    const view = next();
    neighbour(view);
    await expectTwo(test, view, '10.77.0.9', { call }, { errno: 'EHOSTUNREACH', cause: 'unreachable' });
  });

  it('that nobody answers', async (test) => {
    const view = next({ 'net.ipv4.tcp_syn_retries': 1, 'net.ipv4.tcp_syn_linear_timeouts': 0 });
    rule(view.netns, '-p', 'tcp', '--dport', '9', '-j', 'DROP');
    const flags = { call, threads: 2, count: 1 };
    const client = await fail(testScope(test), view, { to: '127.0.0.1:9', ...flags });
    const process = { pid: client.pid };
    const want = { errno: 'ETIMEDOUT', cause: 'timed-out', count: counted(view), process };
    expect(failures(view)).toMatchObject([want]);
  });

  it.for([
    ['icmp6-adm-prohibited', '::1', 'EACCES', 'not-permitted'],
    ['icmp6-no-route', '::1', 'ENETUNREACH', 'unreachable'],
    ['icmp-host-unreachable', '127.0.0.1', 'EHOSTUNREACH', 'unreachable'],
    ['icmp-net-unreachable', '127.0.0.1', 'ENETUNREACH', 'unreachable'],
    ['icmp-admin-prohibited', '127.0.0.1', 'EHOSTUNREACH', 'unreachable'],
    ['icmp-port-unreachable', '127.0.0.1', 'ECONNREFUSED', 'refused'],
  ] as const)('that a firewall rejects with %s to %s', async ([answer, address, errno, cause], test) => {
    const view = next();
    const tables = address === '::1' ? 'ip6tables' : 'iptables';
    const words = ['-p', 'tcp', '--dport', '9', '-j', 'REJECT', '--reject-with', answer];
    view.netns.exec(tables, '-w', '-I', 'INPUT', ...words);
    await expectTwo(test, view, address, { call }, { errno, cause });
  });

  it('that a host beyond the link refuses, in nobody’s context', async (test) => {
    const view = next();
    neighbour(view);
    await expectTwo(test, view, '10.77.0.2', { call }, { errno: 'ECONNREFUSED', cause: 'refused' });
  });

  it.for(HOSTS)('that a reset refuses: %s', async ([, address, more], test) => {
    await expectTwo(test, next(), address, { call, ...more }, { errno: 'ECONNREFUSED', cause: 'refused' });
  });
});
