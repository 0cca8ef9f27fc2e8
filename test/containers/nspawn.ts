/**
 * Machines of systemd-nspawn on a stage of its own, which share the network namespace of the test. Each runs in the group that systemd gives to
 * systemd-nspawn@.service, which the test makes itself: there is no systemd here to ask. Their file system holds busybox. machined runs there too, on a
 * bus of its own: whatever is in a service of its own is registered with it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Netns } from '../support/netns.js';
import { type Running, start } from '../support/process.js';
import type { Scope } from '../support/scope.js';
import { rootfs } from './image.js';
import { Stage } from './stage.js';
import { type Containers, SECRET } from './story.js';

const GROUP = 'mkdir -p "$0" && echo $$ > "$0/cgroup.procs" && exec "$@"';
const HOW = ['--quiet', '--keep-unit', '--as-pid2', `--setenv=KEY=${SECRET}`];
const BUS = `mkdir -p /run/dbus /run/systemd/machines && mount --bind "$0" /run/systemd/machines &&
  dbus-daemon --system --fork --nopidfile`;
const MACHINED = [
  'env',
  'SYSTEMD_LOG_LEVEL=debug',
  'SYSTEMD_LOG_TARGET=console',
  '/lib/systemd/systemd-machined',
];

export class Nspawn implements Containers {
  readonly rename = null;
  readonly names = null;
  readonly socket = null;
  readonly place = { image: null, pod: null, workload: null };
  private readonly running = new Map<string, Running>();

  private constructor(
    private readonly scope: Scope,
    private readonly stage: Stage,
    private readonly directory: string,
  ) {}

  /** @param machines where machined keeps what it knows */
  static async start(scope: Scope, netns: Netns, machines: string): Promise<Nspawn> {
    const stage = await Stage.start(scope, netns);
    await stage.run('sh', '-c', BUS, machines);
    const machined = await start(scope, stage.words(...MACHINED));
    await machined.printed(/acquired requested service name/);
    return new Nspawn(scope, stage, scope.directory());
  }

  async short(name: string, script: string): Promise<void> {
    await this.stage.run(...this.words(name, script));
  }

  async long(name: string, script: string): Promise<void> {
    this.running.set(name, await start(this.scope, this.stage.words(...this.words(name, script))));
  }

  /** One that is registered, in a service that somebody wrote. */
  async inService(service: string, name: string, script: string): Promise<void> {
    const words = this.inUnit(service, name, '--register=yes', script);
    this.running.set(name, await start(this.scope, this.stage.words(...words)));
  }

  async remove(name: string): Promise<void> {
    await this.running.get(name)?.stop();
  }

  private words(name: string, script: string): string[] {
    const unit = `systemd-nspawn@${name.replaceAll('-', '\\x2d')}.service`;
    return this.inUnit(unit, name, '--register=no', script);
  }

  private inUnit(unit: string, name: string, register: string, script: string): string[] {
    const nspawn = ['systemd-nspawn', ...HOW, register, '--machine', name, '--directory', this.root(name)];
    const group = join('/sys/fs/cgroup/machine.slice', unit);
    return ['sh', '-c', GROUP, group, ...nspawn, '/bin/sh', '-c', script];
  }

  /** Two machines cannot have one. */
  private root(name: string): string {
    const root = rootfs(join(this.directory, name));
    for (const name of ['dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'usr']) mkdirSync(join(root, name));
    writeFileSync(join(root, 'etc/os-release'), '');
    return root;
  }
}
