/** Other ways to have a connection: accepted for somebody else's address, before the handshake has ended, or taken out of another process. */
import { expect, it } from 'vitest';
import { churnServer } from '../support/churngen.js';
import { link, Netns } from '../support/netns.js';
import { type Running, start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { Watch } from '../support/watch.js';

const COUNT = 5;
const PRELUDE = `import ctypes, os, socket, sys, time
def say(*words): os.write(1, (" ".join(map(str, words)) + "\\n").encode())
`;

/** A program that says "ready" and goes on at each line on its stdin. */
async function python(scope: Scope, netns: Netns, code: string): Promise<Running> {
  const program = await start(scope, ['python3', '-u', '-c', `${PRELUDE}${code}`], { netns });
  await program.printed(/ready/);
  return program;
}

const rows = (watch: Watch, direction: string) => watch.flows().filter((row) => row.direction === direction);
const closes = (watch: Watch) => watch.events.filter(({ type }) => type === 'closed');

/** Connections to 10.99.0.1:80 are accepted here, at port 9000. */
function intercept(netns: Netns): void {
  const match = ['-p', 'tcp', '--dport', '80', '-j', 'TPROXY', '--on-port', '9000', '--tproxy-mark', '1'];
  netns.exec('iptables', '-t', 'mangle', '-A', 'PREROUTING', ...match);
  netns.exec('ip', 'rule', 'add', 'fwmark', '1', 'lookup', '100');
  netns.exec('ip', 'route', 'add', 'local', '0.0.0.0/0', 'dev', 'lo', 'table', '100');
}

it('a transparent proxy (TPROXY) owns what it accepts for another address, and the entries that stay', async () => {
  const scope = testScope();
  const [proxy, here] = [Netns.create(scope), Netns.create(scope)];
  link(proxy, here, [['10.77.0.1/24', '10.77.0.2/24']]);
  here.exec('ip', 'route', 'add', '10.99.0.0/24', 'via', '10.77.0.1');
  intercept(proxy);
  const watch = await Watch.start(scope, [proxy, here]);
  const server = await python(
    scope,
    proxy,
    `s = socket.socket(); s.setsockopt(0, 19, 1); s.bind(("0.0.0.0", 9000)); s.listen(); say("ready")
while True: s.accept()[0].close()`,
  );
  const client = await python(
    scope,
    here,
    `for _ in range(${COUNT}):
    c = socket.create_connection(("10.99.0.1", 80)); c.recv(1); c.close()
say("ready"); sys.stdin.read()`,
  );
  await watch.until(() => closes(watch).length === 2 * COUNT, 'both ends');
  const local = { address: '10.99.0.1', port: 80 };
  for (const event of closes(watch))
    expect(event.direction === 'in' ? event.local : event.remote).toEqual(local);
  const counts = { opened: COUNT, closed: COUNT, lowerBound: false };
  expect(rows(watch, 'in')).toMatchObject([{ ...counts, closedFirst: COUNT, process: { pid: server.pid } }]);
  expect(rows(watch, 'out')).toMatchObject([{ ...counts, closedFirst: 0, process: { pid: client.pid } }]);
  expect(watch.totals(proxy)).toMatchObject({ timeWait: COUNT, coverage: 1 });
});

it.each(['while it is still in SYN_RECV', 'when the handshake has ended'])(
  'a server of TCP_FASTOPEN owns what it accepted in SYN_RECV and closed %s',
  async (when) => {
    const scope = testScope();
    const netns = Netns.create(scope, { 'net.ipv4.tcp_fastopen': 0x207 });
    const watch = await Watch.start(scope, [netns]);
    // The handshake does not end.
    const match = ['-p', 'tcp', '--dport', '9000', '--tcp-flags', 'SYN,ACK', 'ACK', '-j', 'DROP'];
    netns.exec('iptables', '-A', 'OUTPUT', ...match);
    const server = await python(
      scope,
      netns,
      `s = socket.create_server(("127.0.0.1", 9000)); s.setsockopt(6, 23, 16)
child = os.fork()
if child: say("acceptor", child, "ready"); os.wait()
ctypes.CDLL(None).prctl(1, 9)
held = [s.accept()[0] for _ in range(${COUNT})]
say("states", *{c.getsockopt(6, 11, 1)[0] for c in held})
sys.stdin.readline()
for c in held: c.recv(5); c.close()
say("closed"); sys.stdin.read()`,
    );
    const client = await python(
      scope,
      netns,
      `held = [socket.socket() for _ in range(${COUNT})]
for c in held: c.sendto(b"hello", 0x20000000, ("127.0.0.1", 9000))
say("ready")
for c in held: c.recv(1); c.close()
sys.stdin.read()`,
    );
    const acceptor = Number((await server.printed(/acceptor (\d+) /))[1]);
    const [, states] = await server.printed(/states (.*)\n/);
    expect(states).toBe('3'); // TCP_SYN_RECV alone
    const end = () => netns.exec('iptables', '-D', 'OUTPUT', ...match);
    const close = async () => {
      server.write('\n');
      await server.printed(/closed/);
    };
    if (when.startsWith('while')) {
      await close();
      end();
    } else {
      end();
      await watch.until(() => rows(watch, 'in')[0]?.established === COUNT, 'the end of the handshakes');
      await close();
    }
    await watch.until(() => closes(watch).length === 2 * COUNT, 'both ends', 30_000);
    const counts = { opened: COUNT, closed: COUNT, failed: 0, lowerBound: false };
    expect(rows(watch, 'in')).toMatchObject([{ ...counts, closedFirst: COUNT, process: { pid: acceptor } }]);
    expect(rows(watch, 'out')).toMatchObject([{ ...counts, closedFirst: 0, process: { pid: client.pid } }]);
  },
);

it('a descriptor that another process takes (pidfd_getfd) stays its opener’s, and the close is the taker’s', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const watch = await Watch.start(scope, [netns]);
  await churnServer(scope, netns, ['127.0.0.1:9000']);
  const opener = await python(
    scope,
    netns,
    `c = socket.create_connection(("127.0.0.1", 9000)); say("ready", c.fileno())
sys.stdin.readline(); c.close(); say("left"); sys.stdin.read()`,
  );
  const [, fd] = await opener.printed(/ready (\d+)\n/);
  const taker = await python(
    scope,
    netns,
    `fd = ctypes.CDLL(None).syscall(438, os.pidfd_open(${opener.pid}), ${fd}, 0); say("ready", fd)
sys.stdin.readline(); os.close(fd); sys.stdin.read()`,
  );
  opener.write('\n');
  await opener.printed(/left/);
  expect(closes(watch)).toEqual([]);
  taker.write('\n');
  await watch.until(() => closes(watch).length === 2, 'both ends');
  expect(closes(watch).find(({ direction }) => direction === 'out')).toMatchObject({
    process: { pid: opener.pid },
    closer: { pid: taker.pid },
  });
  expect(rows(watch, 'out')).toMatchObject([{ opened: 1, closed: 1, process: { pid: opener.pid } }]);
});
