/** Podman on a stage of its own, whose containers share the network namespace of the test. One image: busybox. */
import { join } from 'node:path';
import type { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import type { Scope } from '../support/scope.js';
import { Client, IMAGE } from './client.js';
import { imageArchive } from './image.js';
import type { Runtime } from './secrets.js';
import { Stage } from './stage.js';

/** What a container in a container may have. */
const LIMITS = ['--ulimit=nofile=1024:4096', '--ulimit=nproc=1000:1000', '--pids-limit=0'];

export class Podman extends Client {
  readonly place = { image: `localhost/${IMAGE}`, pod: null, workload: null };
  readonly names: Runtime['names'];

  private constructor(
    private readonly stage: Stage,
    private readonly words: readonly string[],
    root: string,
    readonly socket: string,
  ) {
    super(LIMITS, ['--time=0']);
    this.names = { at: '/var/lib/containers/storage', directory: root };
  }

  /** @param root where it keeps its containers */
  static async start(scope: Scope, netns: Netns, root: string): Promise<Podman> {
    const directory = scope.directory();
    const stage = await Stage.start(scope, netns);
    const own = [`--root=${root}`, `--runroot=${join(directory, 'run')}`, '--events-backend=file'];
    const how = ['--runtime=runc', '--cgroup-manager=cgroupfs', '--storage-driver=vfs'];
    const words = ['podman', ...own, ...how];
    const socket = join(directory, 'podman.sock');
    await start(scope, stage.words(...words, 'system', 'service', '--time=0', `unix://${socket}`));
    const podman = new Podman(stage, words, root, socket);
    await podman.run('load', '--input', imageArchive(directory, IMAGE));
    return podman;
  }

  async run(...words: string[]): Promise<void> {
    await this.stage.run(...this.words, ...words);
  }
}
