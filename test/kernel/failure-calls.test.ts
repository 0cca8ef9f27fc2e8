/** What is one failure and what is none: repeated calls, interrupted ones, other protocols, sockets used again, abandoned attempts. */
import { describe, expect, it } from 'vitest';
import type { ConnectionEvent } from '../../src/protocol/rows.js';
import { HIDDEN, python } from '../support/failing.js';
import { rule } from '../support/firewall.js';
import { fileScope, testScope } from '../support/scope.js';
import { type View, watched } from '../support/watch.js';

const next = watched(fileScope(), 30);

const said = (events: readonly ConnectionEvent[]) =>
  events.map(({ errno, cause, remote }) => [errno ?? '-', cause, remote.port].join(' '));

const drop = (view: View) => rule(view.netns, '-p', 'tcp', '--dport', '9', '-j', 'DROP');

const RAW = `def raw(fd, address):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.connect(fd, address, 16): raise OSError(ctypes.get_errno(), "")
`;

describe.concurrent('one failure is reported of', HIDDEN, () => {
  it('a non-blocking attempt whose end connect() is asked for again and again', async (test) => {
    const { events, stdout, pid } = await python(
      testScope(test),
      next(),
      `s = socket.socket(*TCP); s.setblocking(False)
for _ in range(3):
    attempt(lambda: s.connect(("127.0.0.1", 9)))
    select.select([], [s], [], 1)`,
    );
    expect(stdout).toMatch(/^EINPROGRESS\nECONNREFUSED\n/);
    expect(said(events)).toEqual(['ECONNREFUSED refused 9', 'ECONNREFUSED refused 9']);
    expect(events.every(({ process }) => process.pid === pid)).toBe(true);
  });

  it('an attempt without route on a socket that failed otherwise before, at the destination of the second', async (test) => {
    const { events } = await python(
      testScope(test),
      next(),
      `s = socket.socket(*TCP)
attempt(lambda: s.connect(("127.0.0.1", 9)))
attempt(lambda: s.connect(("10.99.0.1", 10)))
attempt(lambda: s.connect(("127.0.0.1", 11)))`,
    );
    expect(said(events)).toEqual([
      'ECONNREFUSED refused 9',
      'ENETUNREACH unreachable 10',
      'ECONNREFUSED refused 11',
    ]);
  });

  it('each of many attempts of many threads at once', async (test) => {
    const { events } = await python(
      testScope(test),
      next(),
      `def work():
    for _ in range(25):
        attempt(lambda: socket.socket(*TCP).connect(("127.0.0.1", 9)))
        attempt(lambda: socket.socket(*TCP).connect(("10.99.0.1", 10)))
threads = [threading.Thread(target=work) for _ in range(8)]
for t in threads: t.start()
for t in threads: t.join()`,
    );
    const count = (port: number) => events.filter(({ remote }) => remote.port === port).length;
    expect([count(9), count(10), events.length]).toEqual([200, 200, 400]);
  });

  it.for(['9', '10'])(
    'an attempt over MPTCP, which has two streams of transitions (port %s)',
    async (port, test) => {
      const view = next();
      view.netns.exec('ip', 'route', 'add', 'prohibit', '10.99.0.0/16');
      const host = port === '9' ? '127.0.0.1' : '10.99.0.1';
      const { events } = await python(
        testScope(test),
        view,
        `attempt(lambda: socket.socket(*TCP, 262).connect(("${host}", ${port})))`,
      );
      expect(said(events)).toEqual([port === '9' ? 'ECONNREFUSED refused 9' : 'EACCES not-permitted 10']);
    },
  );

  it('an attempt that the socket’s own timeout ends: in progress for the kernel, aborted by its program', async (test) => {
    const view = next();
    drop(view);
    const { events, stdout } = await python(
      testScope(test),
      view,
      `s = socket.socket(*TCP); s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 0, 200000))
attempt(lambda: s.connect(("127.0.0.1", 9)))
s.close()`,
    );
    expect(stdout).toMatch(/^EINPROGRESS\n/);
    expect(said(events)).toEqual(['- aborted 9']);
  });

  it('an attempt that a signal interrupts and the kernel starts again', async (test) => {
    const view = next({ 'net.ipv4.tcp_syn_retries': 1, 'net.ipv4.tcp_syn_linear_timeouts': 0 });
    drop(view);
    const { events, stdout } = await python(
      testScope(test),
      view,
      `signal.signal(signal.SIGALRM, lambda *_: None); signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
attempt(lambda: socket.socket(*TCP).connect(("127.0.0.1", 9)))`,
    );
    expect(stdout).toMatch(/^ETIMEDOUT\n/);
    expect(said(events)).toEqual(['ETIMEDOUT timed-out 9']);
  });

  it('an attempt that another thread disconnects', async (test) => {
    const view = next();
    drop(view);
    const { events } = await python(
      testScope(test),
      view,
      `s = socket.socket(*TCP)
t = threading.Thread(target=lambda: attempt(lambda: s.connect(("127.0.0.1", 9)))); t.start()
while "0009 02" not in open("/proc/self/net/tcp").read(): pass
none = struct.pack("H14x", socket.AF_UNSPEC)
ctypes.CDLL(None).connect(s.fileno(), none, len(none))
t.join()`,
    );
    expect(said(events)).toEqual(['- aborted 9']);
  });

  it('TCP_FASTOPEN’s sendto(), which calls no connect()', async (test) => {
    const { events } = await python(
      testScope(test),
      next(),
      `attempt(lambda: socket.socket(*TCP).sendto(b"x", socket.MSG_FASTOPEN, ("127.0.0.1", 9)))`,
    );
    expect(said(events)).toEqual(['ECONNREFUSED refused 9']);
  });

  it('an address of the wrong family', async (test) => {
    const { events } = await python(
      testScope(test),
      next(),
      `v6 = struct.pack("!HI16sI", 9, 0, socket.inet_pton(socket.AF_INET6, "fd99::1"), 0)
wrong = struct.pack("H", socket.AF_INET6) + v6
s = socket.socket(*TCP)
libc = ctypes.CDLL(None, use_errno=True)
libc.connect(s.fileno(), wrong, len(wrong))
print(errno.errorcode[ctypes.get_errno()])`,
    );
    expect(said(events)).toEqual(['EAFNOSUPPORT other 9']);
    expect(events[0]?.remote.address).toBe('fd99::1');
  });
});

describe.concurrent('no failure is told of', () => {
  it.for([
    ['UDP', 'socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("10.99.0.1", 9))', 'ENETUNREACH'],
    ['a unix socket', 'socket.socket(socket.AF_UNIX).connect("/nowhere")', 'ENOENT'],
    [
      'a descriptor that is no socket',
      'raw(os.open("/dev/null", 0), b"\\2\\0\\0\\11\\12\\143\\0\\1" + bytes(8))',
      'ENOTSOCK',
    ],
    ['a descriptor that is none', 'raw(99, b"\\2\\0\\0\\11\\12\\143\\0\\1" + bytes(8))', 'EBADF'],
    ['an address that cannot be read', 'raw(socket.socket(*TCP).detach(), ctypes.c_void_p(8))', 'EFAULT'],
  ])('%s', async ([, call, error], test) => {
    const { events, stdout } = await python(testScope(test), next(), `${RAW}attempt(lambda: ${call})`);
    expect(stdout).toContain(error);
    expect(said(events)).toEqual([]);
  });

  it('a socket that is connected, and one that asks while it connects', async (test) => {
    const view = next();
    drop(view);
    const { events, stdout } = await python(
      testScope(test),
      view,
      `server = socket.create_server(("127.0.0.1", 9000)); a = socket.create_connection(("127.0.0.1", 9000))
attempt(lambda: a.connect(("127.0.0.1", 9000)))
b = socket.socket(*TCP); b.setblocking(False)
for _ in range(3): attempt(lambda: b.connect(("127.0.0.1", 9)))
libc = ctypes.CDLL(None); none = struct.pack("H14x", socket.AF_UNSPEC)
c = socket.socket(*TCP); libc.connect(c.fileno(), none, len(none))`,
    );
    expect(stdout).toMatch(/^EISCONN\nEINPROGRESS\nEALREADY\nEALREADY\n/);
    expect(said(events)).toEqual(['- aborted 9']);
  });
});
