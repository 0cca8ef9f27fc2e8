/** LXC on a stage of its own, whose containers share the network namespace of the test. Their file system holds busybox. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Netns } from '../support/netns.js';
import type { Scope } from '../support/scope.js';
import { rootfs } from './image.js';
import { Stage } from './stage.js';
import { type Containers, SECRET } from './story.js';

export class Lxc implements Containers {
  readonly rename = null;
  readonly names = null;
  readonly socket = null;
  readonly place = { image: null, pod: null, workload: null };

  private constructor(
    private readonly stage: Stage,
    private readonly directory: string,
  ) {}

  static async start(scope: Scope, netns: Netns): Promise<Lxc> {
    const directory = scope.directory();
    const root = rootfs(directory);
    for (const name of ['dev', 'proc', 'sys']) mkdirSync(join(root, name));
    return new Lxc(await Stage.start(scope, netns), directory);
  }

  async short(name: string, script: string): Promise<void> {
    await this.run('lxc-start', name, '--foreground', '--', '/bin/sh', '-c', script);
  }

  async long(name: string, script: string): Promise<void> {
    await this.run('lxc-start', name, '--daemon', '--', '/bin/sh', '-c', script);
  }

  async remove(name: string): Promise<void> {
    await this.run('lxc-stop', name, '--kill');
  }

  private async run(command: string, name: string, ...words: string[]): Promise<void> {
    const config = join(this.directory, name, 'config');
    mkdirSync(join(this.directory, name), { recursive: true });
    writeFileSync(config, this.config(name));
    await this.stage.run(command, `--lxcpath=${this.directory}`, `--name=${name}`, ...words);
  }

  private config(name: string): string {
    return `lxc.uts.name = ${name}
lxc.rootfs.path = dir:${join(this.directory, 'rootfs')}
lxc.net.0.type = none
lxc.apparmor.profile = unconfined
lxc.mount.auto = proc
lxc.environment = KEY=${SECRET}
`;
  }
}
