/** A /proc that shows each user only processes of his own (hidepid): what the unit grants is enough to name the others all the same. */
import { expect, it } from 'vitest';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { nginx } from '../support/programs.js';
import { testScope } from '../support/scope.js';
import { serviceBy, serviceWords } from '../support/service.js';
import { asUnit } from '../support/unit.js';

const HIDE = 'mount -t proc -o hidepid=invisible proc /proc && exec "$@"';
const hiding = (...words: string[]) => [
  'unshare',
  '-m',
  '--propagation',
  'private',
  'sh',
  '-c',
  HIDE,
  'sh',
  ...words,
];

it('the service names programs of other users that are older than itself', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const server = await nginx(scope, netns);
  const service = await serviceBy(scope, hiding(...asUnit(...serviceWords('--interval', '250'))));
  const client = await start(scope, ['sh', '-c', `curl -s http://127.0.0.1:${server.port}/ && read x`], {
    netns,
  });
  const flows = (await service.stream(scope)).subscribe('flows', { filter: `netns:${netns.inode}` });
  const rows = await flows.until(
    (all) => all.some(({ direction }) => direction === 'in') && all.length > 1 && all,
  );
  const inbound = rows.find(({ direction }) => direction === 'in');
  expect(server.workers).toContain(inbound?.process.pid);
  expect(inbound?.process.exe).toMatch(/\/nginx$/);
  client.closeInput();
});

it('such a /proc shows an ordinary user no process of root', async () => {
  const scope = testScope();
  const ordinary = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--', 'ls', '/proc'];
  const done = await start(scope, hiding(...ordinary));
  await done.exited;
  expect(done.stdout.split('\n')).not.toContain('1');
  expect(done.stdout).toContain('meminfo');
});
