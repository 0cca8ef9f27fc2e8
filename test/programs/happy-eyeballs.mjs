/** Connects to a name with several addresses, ten times a second, as net.connect() does: the next one after 250 ms. */
import net from 'node:net';

const [addresses = '', port] = process.argv.slice(2);
const all = addresses.split(',').map((address) => ({ address, family: net.isIP(address) }));

/** @type {import('node:net').LookupFunction} */
const lookup = (_host, _options, done) => done(null, all);

const once = () => {
  const socket = net.connect({ host: 'db.test', port: Number(port), lookup, autoSelectFamily: true });
  socket.on('connect', () => socket.end()).on('error', () => {});
};
setInterval(once, 100);
console.log('ready');
