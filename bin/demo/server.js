/** The server of `portchurn demo`: answers on 127.0.0.1:8080 and keeps connections. Ends with its input. */
import http from 'node:http';

const server = http.createServer((_, response) => response.end('ok'));
server.keepAliveTimeout = 60_000;
server.listen(8080, '127.0.0.1', () => console.log('ready'));
process.stdin.on('end', () => process.exit()).resume();
