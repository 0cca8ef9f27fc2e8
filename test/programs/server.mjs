/** A server that keeps connections, and closes those whose client asks for it. */
import http from 'node:http';

const [host, port] = process.argv.slice(2);
const server = http.createServer((request, response) => {
  if (request.url === '/slow') setTimeout(() => response.end('ok'), 20);
  else response.end('ok');
});
server.keepAliveTimeout = 60_000;
server.listen({ host, port, backlog: 500 }, () => console.log('ready'));
