/**
 * bind() before connect() without taking a port for every destination: lines to add, or the call without its local address. In: a
 * runtime, a place. Out: a fix. Data, and the look-up.
 */
import type { Fix } from '../../protocol/rows.js';
import type { Runtime } from '../runtime.js';
import { fix, type Place, type Snippet } from './place.js';
import { CURL, WGET } from './tools.js';

const ROUTE = 'A source address that must be is better chosen by a route: ip route change … src ADDRESS.';

const NODE: Snippet = ({ address, port }) =>
  fix(
    `Leave localAddress and localPort out: node cannot ask for a late bind. ${ROUTE}`,
    'javascript',
    `const socket = net.connect({ host: '${address}', port: ${port} });   // no localAddress, no localPort`,
  );

const PYTHON: Snippet = () =>
  fix(
    'Set IP_BIND_ADDRESS_NO_PORT before bind(), and bind to port 0: connect() then chooses the port, per destination. Or leave bind(), source_address, out.',
    'python',
    '# before s.bind((address, 0)); 24 is IP_BIND_ADDRESS_NO_PORT, a constant of the socket module since 3.12:',
    's.setsockopt(socket.IPPROTO_IP, 24, 1)',
  );

const GO: Snippet = () =>
  fix(
    'Set IP_BIND_ADDRESS_NO_PORT in the dialer, which binds to LocalAddr; or leave LocalAddr out.',
    'go',
    '// one more field of the net.Dialer that has LocalAddr (import: syscall); 24 is IP_BIND_ADDRESS_NO_PORT:',
    'Control: func(_, _ string, c syscall.RawConn) error {',
    '    return c.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, 24, 1) })',
    '},',
  );

const JAVA: Snippet = ({ address, port }) =>
  fix(
    `Leave bind() and the local address out: Java cannot ask for a late bind. ${ROUTE}`,
    'java',
    `Socket socket = new Socket("${address}", ${port});   // no local address, no bind()`,
  );

const ANY: Snippet = () =>
  fix(
    'Set IP_BIND_ADDRESS_NO_PORT before bind(), and bind to port 0: connect() then chooses the port, per destination. Without a need for a source address, leave bind() out.',
    'c',
    '/* before bind(fd, …), whose address has port 0: */',
    'int late = 1;',
    'setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof(late));',
  );

const LATE_BINDS: Readonly<Partial<Record<Runtime, Snippet>>> = {
  node: NODE,
  python: PYTHON,
  go: GO,
  java: JAVA,
  curl: CURL,
  wget: WGET,
};

export const lateBind = (runtime: Runtime, place: Place): Fix => (LATE_BINDS[runtime] ?? ANY)(place);
