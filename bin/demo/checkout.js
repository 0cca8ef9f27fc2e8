/**
 * Who uses up the ports in `portchurn demo`: 90 requests a second. `reuse`: through one agent that keeps its connections; `churn`: each by a connection
 * of its own, which it closes itself. Ends with its input.
 */
import http from 'node:http';

const agent = process.argv[2] === 'reuse' ? new http.Agent({ keepAlive: true, maxSockets: 4 }) : false;
const headers = agent === false ? { connection: 'keep-alive' } : {}; // The server must not be the one that closes.

function request() {
  const asked = http.get({ host: '127.0.0.1', port: 8080, agent, headers }, (response) => {
    response.resume().on('end', () => agent === false && asked.destroy());
  });
  asked.on('error', () => {}); // No port is left.
}

setInterval(request, 1000 / 90);
process.stdin.on('end', () => process.exit()).resume();
