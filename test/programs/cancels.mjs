/** Starts fifty requests a second and cancels each as soon as it waits for its connection, however busy the machine is. */
import http from 'node:http';

const [host, port] = process.argv.slice(2);

const once = () => {
  const cancel = new AbortController();
  http.get({ host, port, signal: cancel.signal, agent: false }).on('error', () => {});
  setImmediate(() => cancel.abort());
};
setInterval(once, 20);
console.log('ready');
