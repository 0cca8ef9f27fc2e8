/**
 * What systemd relies on: the unit is valid, the service says when it is ready, alive and stopping, and it works with no
 * more than the unit grants: its user and its capabilities.
 */
import { chownSync, existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SOCKET } from '../../src/protocol/names.js';
import { NICE } from '../../src/service/priority.js';
import { CAPABILITIES } from '../../src/system/capabilities.js';
import { Netns } from '../support/netns.js';
import { must, type Running, run, start } from '../support/process.js';
import { ab, nginx } from '../support/programs.js';
import { type Scope, testScope } from '../support/scope.js';
import { portchurn, ROOT, Service } from '../support/service.js';
import { asUnit, asUnitIn, UNIT, unitWords } from '../support/unit.js';

const SERVE = portchurn('serve', '--listen', '127.0.0.1:0');

async function served(scope: Scope, running: Running): Promise<Service> {
  const [url] = await running.printed(/^http:\/\/\S+$/m);
  return scope.use(new Service(running, url));
}

describe('the unit', () => {
  it('is valid', async () => {
    const done = await run(['systemd-analyze', 'verify', UNIT]);
    expect(done).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('grants the capabilities that the service uses and no other', () => {
    const used = CAPABILITIES.map(({ name }) => name).sort();
    expect(unitWords('AmbientCapabilities').sort()).toEqual(used);
    expect(unitWords('CapabilityBoundingSet').sort()).toEqual(used);
  });

  it('asks for the share of a busy processor that the service takes as root', () => {
    expect(unitWords('Nice')).toEqual([String(NICE)]);
  });

  it('grants enough: as its user the service finds the programs of others and a new network namespace', async () => {
    const scope = testScope();
    const service = await served(scope, await start(scope, asUnit(...SERVE)));
    expect(readFileSync(`/proc/${service.pid}/status`, 'utf8')).not.toMatch(/^Uid:\s+0\s/m);
    const stream = await service.stream(scope);
    const totals = stream.subscribe('totals');
    const netns = Netns.create(scope);
    const flows = stream.subscribe('flows', { filter: `netns:${netns.inode}` });
    const server = await nginx(scope, netns);
    await ab(netns, `http://127.0.0.1:${server.port}/`, 100, 2);
    const row = await totals.until((rows) => rows.find((one) => one.netns === netns.inode && one.timeWait));
    expect(row).toMatchObject({ name: netns.name, coverage: 1 });
    const [inbound] = await flows.until((rows) => {
      const found = rows.filter(({ direction }) => direction === 'in');
      return found.length > 0 && found;
    });
    expect(inbound?.process.exe).toMatch(/\/nginx$/);
  });

  it('allows no device by name, and lets no home be written', () => {
    expect([unitWords('DevicePolicy'), unitWords('DeviceAllow'), unitWords('ProtectHome')]).toEqual([
      ['closed'],
      [''],
      ['read-only'],
    ]);
  });

  it('listens where commands look, in a directory of its own', () => {
    expect(unitWords('ExecStart')).toContain(`unix:${DEFAULT_SOCKET}`);
    expect(unitWords('RuntimeDirectory')).toEqual([basename(dirname(DEFAULT_SOCKET))]);
  });

  it.for([[['games'], null] as const, [[], 'SupplementaryGroups='] as const])(
    'gives the socket file to a group: %j, lacking %s',
    async ([groups, lacking]) => {
      const scope = testScope();
      const folder = scope.directory();
      chownSync(folder, Number((await must(['id', '-u', 'nobody'])).stdout), 0);
      const path = join(folder, 'p.sock');
      const command = portchurn('serve', '--listen', `unix:${path}`, '--socket-group', 'games');
      const running = await start(scope, asUnitIn(groups, command));
      if (lacking === null) {
        await running.printed(/^unix:/m);
        const { stdout } = await must(['stat', '-c', '%U %G %a', path]);
        expect(stdout.trim()).toBe('nobody games 660');
        expect((await running.stop('SIGTERM')).code).toBe(0);
      } else {
        expect(await running.finished(60_000)).toMatchObject({ code: 1 });
        expect(running.stderr).toContain(lacking);
      }
      expect(existsSync(path)).toBe(false);
    },
  );
});

describe('the service manager', () => {
  const listenAt = async (scope: Scope, address: string) => {
    const ear = await start(scope, ['python3', join(ROOT, 'test/e2e/notify_socket.py'), address]);
    await ear.printed(/^listening$/m);
    return ear;
  };
  const endEar = (ear: Running) => ear.signal('SIGKILL');

  it.concurrent.for(['path', 'abstract'] as const)(
    'hears at a socket (%s) that it is ready and stopping',
    async (kind, { onTestFinished }) => {
      const scope = testScope({ onTestFinished });
      const address = kind === 'path' ? join(scope.directory(), 'notify') : `@portchurn-test-${process.pid}`;
      const ear = await listenAt(scope, address);
      const running = await start(scope, SERVE, { env: { ...process.env, NOTIFY_SOCKET: address } });
      const [url] = await running.printed(/^http:\/\/\S+$/m);
      await ear.printed(/READY=1/);
      expect(ear.stdout).toBe(`listening\n${JSON.stringify(`READY=1\nSTATUS=${url}`)}\n`);
      expect((await running.stop('SIGTERM')).code).toBe(0);
      await ear.printed(/^"STOPPING=1"$/m);
      endEar(ear);
      await ear.exited;
    },
  );

  it.concurrent('hears again and again that it lives, when it asks for that', async ({ onTestFinished }) => {
    const scope = testScope({ onTestFinished });
    const address = join(scope.directory(), 'notify');
    const ear = await listenAt(scope, address);
    const env = { ...process.env, NOTIFY_SOCKET: address, WATCHDOG_USEC: '200000' };
    const service = await served(scope, await start(scope, SERVE, { env }));
    const beats = () => ear.stdout.split('"WATCHDOG=1"').length - 1;
    await ear.until(() => beats() >= 5, 'hear five beats');
    await service.end();
    endEar(ear);
    await ear.exited;
  });

  it.concurrent('that is not there does not keep the service from its work', async ({ onTestFinished }) => {
    const scope = testScope({ onTestFinished });
    const env = { ...process.env, NOTIFY_SOCKET: join(scope.directory(), 'nobody') };
    const service = await served(scope, await start(scope, SERVE, { env }));
    expect(await service.get('/healthz')).toMatchObject({ status: 'ok' });
    expect(service.process.stderr).toContain('the service manager was not notified');
  });
});
