/** Asks a site over connections that it keeps: "." for an answer 200, "x" for another one. While there is no site it says nothing. */
import http from 'node:http';

const [host, port] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });

function visit() {
  const request = http.get({ host, port, path: '/index.php', agent }, (response) => {
    response.resume();
    response.on('end', () => process.stdout.write(response.statusCode === 200 ? '.' : 'x'));
  });
  request.on('error', () => {});
}
setInterval(visit, 14);
console.log('ready');
