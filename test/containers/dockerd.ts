/**
 * A Docker daemon on a stage of its own: its containers share the network namespace of the test (`--network host`), so no bridge and no rule of a
 * firewall is made. One image: busybox.
 */
import { join } from 'node:path';
import type { Netns } from '../support/netns.js';
import { must, start } from '../support/process.js';
import type { Scope } from '../support/scope.js';
import { Client, IMAGE } from './client.js';
import { imageArchive } from './image.js';
import type { Runtime } from './secrets.js';
import { Stage } from './stage.js';

export class Dockerd extends Client {
  readonly place = { image: IMAGE, pod: null, workload: null };
  readonly names: Runtime['names'];

  private constructor(
    root: string,
    readonly socket: string,
  ) {
    super([], []);
    this.names = { at: '/var/lib/docker', directory: root };
  }

  /** @param root its data-root */
  static async start(scope: Scope, netns: Netns, root: string): Promise<Dockerd> {
    const directory = scope.directory();
    const stage = await Stage.start(scope, netns);
    const socket = join(directory, 'docker.sock');
    const words = ['--bridge=none', '--iptables=false', '--storage-driver=vfs', `--data-root=${root}`];
    const own = [
      `--exec-root=${join(directory, 'run')}`,
      `--pidfile=${join(directory, 'pid')}`,
      `-H=unix://${socket}`,
    ];
    const daemon = await start(scope, stage.words('dockerd', ...words, ...own));
    await daemon.printed(/API listen on/);
    const docker = new Dockerd(root, socket);
    await docker.run('load', '--input', imageArchive(directory, IMAGE));
    return docker;
  }

  async run(...words: string[]): Promise<void> {
    await must(['docker', `--host=unix://${this.socket}`, ...words]);
  }
}
