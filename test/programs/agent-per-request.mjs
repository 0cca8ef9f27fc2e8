/** Bad: a keep-alive agent of its own per request, destroyed after it. The client closes first. */
import http from 'node:http';

const [host, port] = process.argv.slice(2);

function once() {
  const agent = new http.Agent({ keepAlive: true });
  const request = http.get({ host, port, agent }, (response) => {
    response.resume();
    response.on('end', () => setImmediate(() => agent.destroy()));
  });
  request.on('error', () => {});
}
setInterval(once, 14);
console.log('ready');
