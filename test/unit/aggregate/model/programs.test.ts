import { describe, expect, it } from 'vitest';
import { shortName } from '../../../../src/aggregate/model/program-name.js';
import { announced, established, outbound, World } from '../../../support/aggregate-world.js';

describe('a program’s name', () => {
  it.each([
    ['/usr/sbin/nginx', 'nginx', ['nginx: worker process'], 'nginx'],
    ['/bin/bash', 'bash', ['bash', 'loop.sh'], 'bash loop.sh'],
    ['/bin/bash', 'loop.sh', ['/bin/bash', '-eu', '/opt/jobs/loop.sh', '5'], 'bash loop.sh'],
    ['/usr/bin/python3.11', 'python3', ['python3', 'worker.py'], 'python3.11 worker.py'],
    ['/usr/bin/node', 'node-MainThread', ['node', '--enable-source-maps', 'server.js'], 'node server.js'],
    ['/bin/bash', 'bash', ['bash', '-c', 'while :; do curl db; done'], 'bash'],
    ['/usr/bin/perl', 'perl', ['perl', '-e', 'print 1'], 'perl'],
    ['/bin/bash', 'bash', ['bash'], 'bash'],
    ['/bin/bash', 'bash', [], 'bash'],
    ['/bin/busybox', 'wget', ['wget', 'http://x/'], 'wget'],
    [null, 'gone', [], 'gone'],
    [null, null, [], null],
  ] as const)('of exe %s, comm %s, arguments %j is %s', (exe, comm, args, name) => {
    expect(shortName(exe, comm, args)).toBe(name);
  });

  it('says which program started it', () => {
    const world = new World();
    world.feed(announced(1, { comm: 'bash', exe: '/bin/bash', cmdline: ['bash', 'loop.sh'] }));
    world.feed(announced(2, { parent: 1 }), established(outbound({ owner: 2 })));
    expect(world.flow(5432).program).toBe('curl (bash loop.sh)');
  });

  it('falls back to the parent’s comm, then to nothing', () => {
    const world = new World();
    world.feed(announced(1, { parent_comm: 'cron' }), established(outbound()));
    world.feed(announced(2, { parent_comm: '' }), established(outbound({ cookie: 2, owner: 2, port: 7 })));
    expect(world.flow(5432).program).toBe('curl (cron)');
    expect(world.flow(7).program).toBe('curl');
  });
});
