/** A server that answers and waits, even when its client asked it to close: the client has to. */
import net from 'node:net';

const [host, port] = process.argv.slice(2);
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const server = net.createServer((socket) => {
  socket.on('data', () => socket.write(ANSWER));
  socket.on('error', () => {});
});
server.listen({ host, port, backlog: 500 }, () => console.log('ready'));
