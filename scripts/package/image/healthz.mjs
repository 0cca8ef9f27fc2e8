#!/opt/portchurn/node/bin/node
/* For probes: ends with 0 while the service traces. By its socket, where no token is asked for. */
import { get } from 'node:http';

const socketPath = '/run/portchurn/portchurn.sock';
const request = get({ socketPath, path: '/healthz', headers: { host: 'localhost' } }, ({ statusCode }) => {
  process.exitCode = statusCode === 200 ? 0 : 1;
  request.destroy();
});
request.on('error', () => {
  process.exitCode ??= 1;
});
