/** Keeps connections, says "." for each request that it answers, and serves no other host than the one that it listens on. */
import http from 'node:http';

const [host, port] = process.argv.slice(2);
const server = http.createServer((request, response) => {
  const isServed = new URL(`http://${request.headers.host}`).hostname === host;
  response.statusCode = isServed ? 200 : 404;
  response.end('ok', () => process.stdout.write(isServed ? '.' : 'x'));
});
server.keepAliveTimeout = 60_000;
server.listen({ host, port, backlog: 500 }, () => console.log('ready'));
