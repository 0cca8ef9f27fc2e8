/** Attempts that fail: each reported once, with the errno the caller got, whichever way it called connect(). */
import { describe, expect, it } from 'vitest';
import type { ConnectionEvent } from '../../src/protocol/rows.js';
import { churnClient, churnServer, type Flags } from '../support/churngen.js';
import { failures } from '../support/failing.js';
import { rule } from '../support/firewall.js';
import { KEPT } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import { type View, watched } from '../support/watch.js';

const CALLS = ['block', 'nonblock', 'uring'] as const;
const next = watched(fileScope(), 19);

/** Runs the client and waits for as many reported failures as it had. */
async function fail(scope: Scope, view: View, flags: Flags): Promise<ConnectionEvent[]> {
  const client = await churnClient(scope, view.netns, flags);
  const { failed } = await client.done();
  const found = await view.reach('failed', failed);
  expect(found).toHaveLength(failed);
  return found;
}

describe.concurrent.each(CALLS)('a failed connect() (%s)', (call) => {
  it('that was refused is reported once, with process, destination and time', async (test) => {
    const scope = testScope(test);
    const view = next();
    const client = await churnClient(scope, view.netns, { to: '127.0.0.1:9', count: 3, call });
    expect(await client.done()).toMatchObject({ errors: { ECONNREFUSED: 3 } });
    for (const event of await view.reach('failed', 3)) {
      expect(event).toMatchObject({
        errno: 'ECONNREFUSED',
        cause: 'refused',
        direction: 'out',
        remote: { address: '127.0.0.1', port: 9 },
        process: { pid: client.pid, comm: 'churngen' },
        end: null,
      });
      expect(event.local.port).toBeGreaterThan(0);
      expect(event.durationMs).toBeGreaterThan(0);
    }
    expect(view.flows()).toMatchObject([{ opened: 0, closed: 0, failed: 3, destination: { port: 9 } }]);
  });

  it.for([
    ['IPv4', '127.0.0.1:9000', {}],
    ['IPv6', '[::1]:9000', {}],
    ['IPv4 in IPv6', '127.0.0.1:9000', { mapped: true }],
  ] as const)('for want of ports is reported once, over %s', async ([, to, more], test) => {
    const scope = testScope(test);
    const view = next({
      'net.ipv4.ip_local_port_range': '40000 40003',
      ...KEPT,
    });
    await churnServer(scope, view.netns, [to]);
    const found = await fail(scope, view, { to, count: 9, call, ...more });
    expect(found).toHaveLength(5);
    for (const event of found) {
      expect(event).toMatchObject({ errno: 'EADDRNOTAVAIL', end: null, process: { comm: 'churngen' } });
      expect(event.remote.port).toBe(9000);
    }
    expect(view.flows('out')).toMatchObject([{ opened: 4, failed: 5 }]);
  });
});

describe.concurrent('a failed connect()', () => {
  it('whose tuple is taken by a port of its own choice says so', async (test) => {
    const scope = testScope(test);
    const view = next();
    await churnServer(scope, view.netns, ['127.0.0.1:9000=never']);
    const flags = { to: '127.0.0.1:9000', bind: '127.0.0.1:40000', 'reuse-address': true } as const;
    const holder = await churnClient(scope, view.netns, { ...flags, count: 1, 'hold-ms': 60_000 });
    await view.reach('established', 1);
    const found = await fail(scope, view, { ...flags, count: 1 });
    expect(found).toMatchObject([{ errno: 'EADDRNOTAVAIL', cause: 'tuple-in-use', local: { port: 40000 } }]);
    await holder.stop();
  });

  it('that nobody answers times out', async (test) => {
    const scope = testScope(test);
    const view = next({
      'net.ipv4.tcp_syn_retries': 1,
      'net.ipv4.tcp_syn_linear_timeouts': 0,
    });
    rule(view.netns, '-p', 'tcp', '--dport', '9', '-j', 'DROP');
    const found = await fail(scope, view, { to: '127.0.0.1:9', count: 1 });
    expect(found).toMatchObject([{ errno: 'ETIMEDOUT', cause: 'timed-out', process: { comm: 'churngen' } }]);
    expect(found[0]?.durationMs).toBeGreaterThan(900);
  });

  it('that a router refuses is unreachable', async (test) => {
    const scope = testScope(test);
    const view = next();
    rule(view.netns, '-p', 'tcp', '--dport', '9', '-j', 'REJECT', '--reject-with', 'icmp-host-unreachable');
    const found = await fail(scope, view, { to: '127.0.0.1:9', count: 1 });
    expect(found).toMatchObject([{ errno: 'EHOSTUNREACH', cause: 'unreachable' }]);
  });

  it('that its program gives up is aborted, not an error of the network', async (test) => {
    const scope = testScope(test);
    const view = next();
    rule(view.netns, '-p', 'tcp', '--dport', '9', '-j', 'DROP');
    const code = `import socket, sys
s = socket.socket(); s.setblocking(False); s.connect_ex(("127.0.0.1", 9))
print("trying", flush=True); sys.stdin.readline(); s.close(); print("closed", flush=True); sys.stdin.read()`;
    const program = await start(scope, ['python3', '-c', code], { netns: view.netns });
    await program.printed(/trying/);
    program.write('\n');
    await program.printed(/closed/);
    expect(await view.reach('failed', 1)).toMatchObject([
      { errno: null, cause: 'aborted', end: 'aborted', process: { pid: program.pid }, remote: { port: 9 } },
    ]);
  });

  it('that its program gives up is unanswered when it had waited until the SYN was sent again', async (test) => {
    const scope = testScope(test);
    const view = next();
    rule(view.netns, '-p', 'tcp', '--dport', '9', '-j', 'DROP');
    const code = `import socket, sys
for seconds in (1.2, 0.25, 1.2, 0.25, 0.25):
    try: socket.create_connection(("127.0.0.1", 9), timeout=seconds)
    except TimeoutError: pass
print("tried", flush=True); sys.stdin.read()`;
    const program = await start(scope, ['python3', '-c', code], { netns: view.netns });
    await program.printed(/tried/);
    await view.reach('failed', 5);
    const rows = failures(view);
    expect(rows).toMatchObject([
      { cause: 'aborted', count: 5, unanswered: 2, process: { pid: program.pid } },
    ]);
    expect(rows[0]?.waitedMs).toBeGreaterThanOrEqual(250);
    expect(rows[0]?.waitedMs).toBeLessThan(1150);
  });

  it('that comes to be with a second SYN is none, and counted apart', async (test) => {
    const scope = testScope(test);
    const view = next();
    await churnServer(scope, view.netns, ['127.0.0.1:9000']);
    const first = ['-m', 'statistic', '--mode', 'nth', '--every', '1000', '--packet', '0', '-j', 'DROP'];
    rule(view.netns, '-p', 'tcp', '--syn', '--dport', '9000', ...first);
    await churnClient(scope, view.netns, { to: '127.0.0.1:9000', count: 4 });
    await view.reach('established', 4);
    expect(view.flows('out')).toMatchObject([{ opened: 4, failed: 0, slowConnects: 1 }]);
  });

  it('that its program’s death ends is aborted', async (test) => {
    const scope = testScope(test);
    const view = next();
    rule(view.netns, '-p', 'tcp', '--dport', '9', '-j', 'DROP');
    const program = await start(
      scope,
      ['python3', '-c', 'import socket; print("up", flush=True); socket.create_connection(("127.0.0.1", 9))'],
      { netns: view.netns },
    );
    await program.printed(/up/);
    await view.watch.until(() => view.netns.exec('ss', '-Htn', 'state', 'syn-sent') !== '', 'the attempt');
    program.signal('SIGKILL');
    expect(await view.reach('failed', 1)).toMatchObject([
      { errno: null, cause: 'aborted', process: { pid: program.pid } },
    ]);
  });
});
