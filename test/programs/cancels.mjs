/** Starts fifty requests a second and cancels each after 5 ms, connected or not. */
import http from 'node:http';

const [host, port] = process.argv.slice(2);

const once = () => {
  const cancel = new AbortController();
  http.get({ host, port, signal: cancel.signal, agent: false }).on('error', () => {});
  setTimeout(() => cancel.abort(), 5);
};
setInterval(once, 20);
console.log('ready');
