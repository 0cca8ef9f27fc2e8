/**
 * A Docker daemon of the test's own, in its network namespace: its containers share that (`--network host`), so no bridge and no rule of a
 * firewall is made. It has a mount namespace in which cgroup2 is at the usual place. One image: busybox.
 */
import { join } from 'node:path';
import type { Netns } from '../support/netns.js';
import { must, start } from '../support/process.js';
import type { Scope } from '../support/scope.js';
import { imageArchive } from './image.js';

export const IMAGE = 'shop/tools:1.2';

export class Dockerd {
  private constructor(private readonly socket: string) {}

  /** @param root its data-root */
  static async start(scope: Scope, netns: Netns, root: string): Promise<Dockerd> {
    const directory = scope.directory();
    const socket = join(directory, 'docker.sock');
    const words = ['--bridge=none', '--iptables=false', '--storage-driver=vfs', `--data-root=${root}`];
    const own = [
      `--exec-root=${join(directory, 'run')}`,
      `--pidfile=${join(directory, 'pid')}`,
      `-H=unix://${socket}`,
    ];
    const script = 'mount -t cgroup2 none /sys/fs/cgroup && exec dockerd "$@"';
    const unshare = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'dockerd'];
    const daemon = await start(scope, [...unshare, ...words, ...own], { netns });
    await daemon.printed(/API listen on/);
    const docker = new Dockerd(socket);
    await docker.run('load', '--input', imageArchive(directory, IMAGE));
    scope.use({ end: () => docker.removeAll() });
    return docker;
  }

  /** The client's output. */
  async run(...words: string[]): Promise<string> {
    return (await must(['docker', `--host=unix://${this.socket}`, ...words])).stdout.trim();
  }

  private async removeAll(): Promise<void> {
    const ids = await this.run('ps', '--all', '--quiet', '--no-trunc');
    if (ids !== '') await this.run('rm', '--force', ...ids.split('\n'));
  }
}
