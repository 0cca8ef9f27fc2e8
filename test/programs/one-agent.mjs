/** Good: the same requests through one keep-alive agent. */
import http from 'node:http';

const [host, port] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 10 });

const once = () => http.get({ host, port, agent }, (response) => response.resume()).on('error', () => {});
setInterval(once, 14);
console.log('ready');
