/**
 * A containerd of the test's own, in its network namespace, and its CRI, which is what the kubelet speaks: pods with containers, in the control
 * groups that a kubelet would ask for. Their network is the node's, or one of their own, whose addresses are given in order.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { networksOf, startContainerd } from '../support/containerd.js';
import type { Netns } from '../support/netns.js';
import { must } from '../support/process.js';
import type { Scope } from '../support/scope.js';
import { call, idIn, message } from './cri.js';
import { imageArchive } from './image.js';

export const IMAGE = 'docker.io/shop/tools:1.2';
/** NamespaceMode.NODE, and POD */
const NETWORKS = { node: message([1, 2]), own: message([1, 0]) };
type Network = keyof typeof NETWORKS;

export interface Pod {
  readonly id: string;
  readonly config: Buffer;
  readonly network: Network;
}

/** Each pod at the end of a cable of its own, as on a cloud's nodes; its first address is the node's. */
const networks = (directory: string, subnet: string) => ({
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [{ type: 'ptp', ipam: { type: 'host-local', subnet, dataDir: join(directory, 'addresses') } }],
});

export class Containerd {
  private pods = 0;
  private readonly removed = new Set<string>();
  private constructor(
    private readonly scope: Scope,
    private readonly directory: string,
  ) {}

  /** Its state directory, where the names are. */
  get state(): string {
    return join(this.directory, 'state');
  }

  private get socket(): string {
    return join(this.directory, 'sock');
  }

  /** @param subnet of pods with a network of their own */
  static async start(scope: Scope, netns: Netns, directory: string, subnet?: string): Promise<Containerd> {
    const containerd = new Containerd(scope, directory);
    mkdirSync(networksOf(directory));
    if (subnet !== undefined)
      writeFileSync(
        join(networksOf(directory), 'pods.conflist'),
        JSON.stringify(networks(directory, subnet)),
      );
    const ctr = await startContainerd(scope, directory, IMAGE, { netns });
    await must(ctr('images', 'import', '--snapshotter', 'native', imageArchive(scope.directory(), IMAGE)));
    return containerd;
  }

  /** @param name `namespace/pod` */
  async pod(name: string, network: Network = 'node'): Promise<Pod> {
    const [namespace = '', own = ''] = name.split('/');
    const uid = `0a1b2c3d-1111-2222-3333-${String(process.pid).padStart(8, '0')}${String(this.pods++).padStart(4, '0')}`;
    const group = `/kubepods/burstable/pod${uid}`;
    const security = message([1, NETWORKS[network]]);
    const metadata = message([1, own], [2, uid], [3, namespace]);
    const logs = join(this.directory, 'logs');
    const config = message([1, metadata], [3, logs], [8, message([1, group], [2, security])]);
    mkdirSync(logs, { recursive: true });
    this.scope.use({ end: () => removeGroups(group) });
    const id = idIn(await this.call('RunPodSandbox', message([1, config])));
    const pod = { id, config, network };
    this.scope.use({ end: () => this.remove(pod) });
    return pod;
  }

  /** Runs busybox's shell in a new container of the pod. @param hosts file that is to be its hosts file */
  async run(
    pod: Pod,
    name: string,
    script: string,
    env: readonly (readonly [string, string])[],
    hosts: string | null = null,
  ): Promise<void> {
    const words = ['sh', '-c', script].map((word) => [3, word] as const);
    const envs = env.map(([key, value]) => [6, message([1, key], [2, value])] as const);
    // As the kubelet mounts it into each container of a pod.
    const mounts = hosts === null ? [] : [[7, message([1, '/etc/hosts'], [2, hosts])] as const];
    const security = message([2, message([3, NETWORKS[pod.network]])]);
    const config = message([1, message([1, name])], [2, message([1, IMAGE])], ...words, ...envs, ...mounts, [
      15,
      security,
    ]);
    const request = message([1, pod.id], [2, config], [3, pod.config]);
    const id = idIn(await this.call('CreateContainer', request));
    await this.call('StartContainer', message([1, id]));
  }

  /** With its containers; once. */
  async remove({ id }: Pod): Promise<void> {
    if (this.removed.has(id)) return;
    this.removed.add(id);
    await this.call('StopPodSandbox', message([1, id]));
    await this.call('RemovePodSandbox', message([1, id]));
  }

  private call(method: string, request: Buffer): Promise<Buffer> {
    return call(this.socket, method, request);
  }
}

/** As the kubelet does it: the runtime leaves the pod's own group in each hierarchy. */
function removeGroups(group: string): void {
  const script =
    'for d in /sys/fs/cgroup"$1" /sys/fs/cgroup/*"$1"; do if [ -d "$d" ]; then rmdir "$d"; fi; done';
  execFileSync('sh', ['-c', script, 'sh', group]);
}
