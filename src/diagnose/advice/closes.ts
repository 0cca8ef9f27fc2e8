/** Closing what the peer has closed. In: a runtime. Out: a fix. Data, and the look-up. */
import type { Fix } from '../../protocol/rows.js';
import type { Runtime } from '../runtime.js';
import { fix } from './place.js';

const CLOSES: Readonly<Partial<Record<Runtime, Fix>>> & { readonly unknown: Fix } = {
  node: fix(
    "Close when the peer does: handle 'end', and destroy what stays idle.",
    'javascript',
    "socket.on('end', () => socket.end());        // needed with allowHalfOpen: true, or on a paused socket",
    'socket.setTimeout(60_000, () => socket.destroy());',
  ),
  python: fix(
    'Close what was opened on every path: recv() that returns b"" means that the peer is done.',
    'python',
    'with contextlib.closing(connection):   # or: with socket.create_connection(…) as connection',
    '    while data := connection.recv(65536):',
    '        handle(data)',
  ),
  go: fix(
    'Close every body and connection, also on the error path.',
    'go',
    'resp, err := client.Get(url)',
    'if err != nil { return err }',
    'defer resp.Body.Close()',
  ),
  java: fix(
    'Close every socket, response and connection in try-with-resources.',
    'java',
    'try (Socket socket = server.accept(); InputStream in = socket.getInputStream()) { … }',
  ),
  unknown: fix(
    'close() when read() returns 0, on every path; and give idle connections a timeout.',
    'c',
    'ssize_t n = read(fd, buffer, sizeof(buffer));',
    'if (n == 0) close(fd);   /* the peer is done */',
  ),
};

export const closing = (runtime: Runtime): Fix => CLOSES[runtime] ?? CLOSES.unknown;
