/** The victim in `portchurn demo`: one connection a second to the same server, as a good program may make. Ends with its input. */
import http from 'node:http';

setInterval(() => {
  http
    .get({ host: '127.0.0.1', port: 8080, agent: false }, (response) => response.resume())
    .on('error', () => {});
}, 1000);
process.stdin.on('end', () => process.exit()).resume();
