/** Bad: an agent that asks for a connection per request. Who closes it first is the server's choice. */
import http from 'node:http';

const [host, port] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: false });

const once = () => http.get({ host, port, agent }, (response) => response.resume()).on('error', () => {});
setInterval(once, 14);
console.log('ready');
