/** MPTCP: a program holds one socket, the kernel opens TCP connections for it. Each of those is seen, with its owner. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { Watch } from '../support/watch.js';

const SCRIPT = join(import.meta.dirname, 'mptcp.py');
const COUNT = 5;

const pidsOf = (line: RegExpMatchArray) => line[0].split(' ').slice(1).map(Number);

describe.concurrent('an MPTCP server', () => {
  it.each([
    ['127.0.0.1', 'mptcp'],
    ['::1', 'mptcp'],
    ['127.0.0.1', 'tcp'],
  ])('owns what it accepted while it is open, at %s from a client of %s', async (address, protocol) => {
    const scope = testScope();
    const netns = Netns.create(scope, { 'net.mptcp.enabled': 1 });
    const watch = await Watch.start(scope, [netns]);
    const words = ['python3', SCRIPT, address, '9000', String(COUNT), protocol];
    const program = await start(scope, words, { netns });
    const [client, acceptor] = pidsOf(await program.printed(/^open.*$/m));
    const rows = (direction: string) => watch.flows().filter((row) => row.direction === direction);
    await watch.until(() => rows('in')[0]?.established === COUNT, 'accepted connections');
    await watch.until(() => rows('out')[0]?.established === COUNT, 'opened connections');
    const open = { opened: COUNT, established: COUNT, lowerBound: false };
    expect(rows('in')).toMatchObject([{ ...open, process: { pid: acceptor } }]);
    expect(rows('out')).toMatchObject([{ ...open, process: { pid: client } }]);
    program.write('\n');
    await program.printed(/closed/);
    await watch.until(() => rows('in')[0]?.closed === COUNT, 'closes');
    expect(rows('in')).toMatchObject([{ opened: COUNT, closed: COUNT, process: { pid: acceptor } }]);
  });
});
