/** bind() that fails: no connection, no transition; the system call tells, and no flow counts it. */
import { describe, expect, it } from 'vitest';
import { budgets, failures, fence, python } from '../support/failing.js';
import { start } from '../support/process.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import { type View, watched } from '../support/watch.js';

const next = watched(fileScope(), 12);

const HOSTS = [
  ['IPv4', 'socket.AF_INET', '127.0.0.1', '10.99.0.1'],
  ['IPv6', 'socket.AF_INET6', '::1', 'fd99::1'],
] as const;

const bind = (family: string, address: string, port: number) =>
  `attempt(lambda: socket.socket(${family}).bind(("${address}", ${port})))`;

/** The rows of bind(), and that nothing else counts it. */
async function binds(scope: Scope, view: View, code: string) {
  const { pid, stdout, events } = await python(scope, view, code);
  const rows = failures(view).filter(({ call }) => call === 'bind');
  expect(view.flows()).toMatchObject([{ failed: 1, destination: { port: 65_000 } }]);
  expect(view.totals()?.failed).toBe(1);
  for (const row of rows) expect(row).toMatchObject({ direction: null, process: { pid, comm: /python/ } });
  return { rows, stdout, events };
}

describe.each(HOSTS)('bind() over %s', (_, family, own, foreign) => {
  it('to a port that is taken', async () => {
    const code = `s = socket.create_server(("${own}", 9000), family=${family})\n${bind(family, own, 9000)}`;
    const { rows, events } = await binds(testScope(), next(), code);
    const destination = { address: own, port: 9000 };
    const why = { errno: 'EADDRINUSE', cause: 'port-in-use' };
    expect(rows).toMatchObject([{ ...why, destination, count: 1, budget: null }]);
    const ends = { local: destination, remote: { address: null, port: null }, direction: null };
    expect(events).toMatchObject([{ type: 'failed', ...why, ...ends }]);
  });

  it('to an address that is not here', async () => {
    const { rows } = await binds(testScope(), next(), bind(family, foreign, 0));
    const destination = { address: foreign, port: 0 };
    expect(rows).toMatchObject([{ errno: 'EADDRNOTAVAIL', cause: 'foreign-address', destination }]);
  });

  it('to any port, when none is left from that address', async () => {
    const view = next({ 'net.ipv4.ip_local_port_range': '40000 40003' });
    const code = `kept = [socket.socket(${family}) for _ in range(4)]
for s in kept: s.bind(("${own}", 0))
for _ in range(3): ${bind(family, own, 0)}`;
    const { rows, stdout } = await binds(testScope(), view, code);
    expect(stdout).toMatch(/^(EADDRINUSE\n){3}/);
    const destination = { address: own, port: 0 };
    const why = { errno: 'EADDRINUSE', cause: 'bind-pool-exhausted' };
    expect(rows).toMatchObject([{ ...why, destination, count: 3 }]);
    const named = () => budgets(view).find(({ key }) => key === rows[0]?.budget);
    const pool = await view.watch.until(named, 'the pool’s row');
    expect(pool).toMatchObject({ kind: 'bind-pool', source: { address: own } });
  });

  it('twice on one socket', async () => {
    const code = `s = socket.socket(${family}); s.bind(("${own}", 0))
attempt(lambda: s.bind(("${own}", 9000)))`;
    const { rows } = await binds(testScope(), next(), code);
    expect(rows).toMatchObject([{ errno: 'EINVAL', cause: 'other', destination: { port: 9000 } }]);
  });
});

describe('bind()', () => {
  it('to a port that only root may have', async () => {
    const scope = testScope();
    const view = next();
    const code = 'import socket; socket.socket().bind(("127.0.0.1", 80))';
    const program = await start(scope, ['/usr/bin/python3', '-c', code], {
      netns: view.netns,
      user: 'nobody',
    });
    await program.exited;
    await fence(scope, view);
    const rows = failures(view).filter(({ call }) => call === 'bind');
    const want = { errno: 'EACCES', cause: 'not-permitted', destination: { address: '127.0.0.1', port: 80 } };
    expect(rows).toMatchObject([{ ...want, process: { pid: program.pid } }]);
  });

  it('of UDP is nobody’s business here', async () => {
    const code = 'attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(("10.99.0.1", 0)))';
    const { rows, stdout } = await binds(testScope(), next(), code);
    expect(stdout).toMatch(/^EADDRNOTAVAIL\n/);
    expect(rows).toEqual([]);
  });

  it('before connect() from a pool that is empty names the pool, and who holds it', async () => {
    const scope = testScope();
    const view = next({ 'net.ipv4.ip_local_port_range': '40000 40003' });
    const holder = `server = socket.create_server(("127.0.0.1", 9000))
kept = [socket.create_connection(("127.0.0.1", 9000), source_address=("127.0.0.1", 0)) for _ in range(4)]
print("held"); sys.stdin.read()`;
    const first = await start(scope, ['python3', '-u', '-c', `import socket, sys\n${holder}`], {
      netns: view.netns,
    });
    await first.printed(/held/);
    const code = `attempt(lambda: socket.create_connection(("127.0.0.1", 9000), source_address=("127.0.0.1", 0)))`;
    const { pid } = await python(scope, view, code);
    const [row] = failures(view).filter(({ call }) => call === 'bind');
    expect(row).toMatchObject({ cause: 'bind-pool-exhausted', process: { pid } });
    const named = await view.watch.until(
      () => budgets(view).find(({ key, limit }) => key === row?.budget && limit === 4),
      'the pool’s row',
    );
    expect(named).toMatchObject({ kind: 'bind-pool', used: 4, free: 0, source: { address: '127.0.0.1' } });
    expect(named.holders).toMatchObject([{ ports: 4, process: { pid: first.pid } }]);
    first.closeInput();
  });
});
