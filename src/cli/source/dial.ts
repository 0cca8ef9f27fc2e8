/**
 * How a connection to a service is made, for HTTP and WebSocket alike. In: a path, or a port and a look at who has the other end of
 * each connection. Out: what http.request() takes as createConnection. Nothing is sent before that look.
 */
import { connect, type Socket } from 'node:net';
import type { TcpEnd } from '../backends.js';

type Done = (error: Error | null, socket: Socket) => void;
export type Dial = (options: object, done: Done) => undefined;

export const dialPath =
  (path: string): Dial =>
  (_, done) =>
    hand(connect({ path }), async () => undefined, done);

/** `check` throws for a peer that must not be talked to. */
export const dialChecked =
  ({ address, port }: TcpEnd, check: (socket: Socket) => Promise<void>): Dial =>
  (_, done) =>
    hand(connect({ host: address, port }), check, done);

function hand(socket: Socket, check: (socket: Socket) => Promise<void>, done: Done): undefined {
  const failed = (error: Error) => {
    socket.destroy();
    done(error, socket);
  };
  socket.once('error', failed);
  socket.once('connect', () => {
    check(socket).then(() => {
      socket.off('error', failed);
      done(null, socket);
    }, failed);
  });
}
