/** Bad: a pool of five, and beside it a connection per request. */
import http from 'node:http';

const [host, port] = process.argv.slice(2);
const pool = new http.Agent({ keepAlive: true, maxSockets: 5 });

function once() {
  http.get({ host, port, path: '/slow', agent: pool }, (response) => response.resume()).on('error', () => {});
  const agent = new http.Agent({ keepAlive: true });
  const request = http.get({ host, port, agent }, (response) => {
    response.resume();
    response.on('end', () => setImmediate(() => agent.destroy()));
  });
  request.on('error', () => {});
}
setInterval(once, 14);
console.log('ready');
