/**
 * What this machine calls destinations: a port by the registry of services, an address by a hosts file. In: ports, addresses. Out: names, or null.
 * An address has the name that the host's own file gives it in the host's own network namespace, and what a container's file says for the
 * processes of that container alone: somebody else has prepared that (docs/decisions/peers.md).
 */
import { hostNamespace } from '../netns-scan.js';
import { parseHosts } from '../parse/hosts.js';
import { parseServices } from '../parse/services.js';
import type { ContainerHosts } from './container-hosts.js';
import { KnownFile } from './known-file.js';
import type { Living } from './top-of-group.js';

export class SystemNames {
  readonly #services = new KnownFile(
    '/etc/services',
    (bytes) => parseServices(bytes.toString()),
    new Map<number, string>(),
  );
  readonly #hosts: KnownFile<Map<string, string>>;
  readonly #host: number | null;
  readonly #containers: ContainerHosts | null;

  /**
   * `host`: inode of the host's namespace; null: not known, so that no address has a name there.
   * @param containers null: what they say is not read
   */
  constructor(
    containers: ContainerHosts | null,
    { hosts = '/etc/hosts', host = hostNamespace('/proc') } = {},
  ) {
    this.#containers = containers;
    this.#hosts = new KnownFile(hosts, parseHosts, new Map());
    this.#host = host;
  }

  /** How often any of the host's own has changed. */
  get changes(): number {
    return this.#services.changes + this.#hosts.changes;
  }

  serviceOf(port: number): string | null {
    return this.#services.value.get(port) ?? null;
  }

  /**
   * @param netns inode of the namespace in which the address is seen
   * @param group control group of the container that sees it; null: none does
   */
  nameOf(netns: number | null, address: string, group: string | null): string | null {
    const own = group === null ? null : (this.#containers?.nameOf(group, address) ?? null);
    return own ?? this.#hostName(netns, address);
  }

  /** A container's flow could have a name. @param through a process of its control group that lives */
  ask(group: string, through: Living): void {
    this.#containers?.ask(group, through);
  }

  #hostName(netns: number | null, address: string): string | null {
    if (netns === null || netns !== this.#host) return null;
    return this.#hosts.value.get(address) ?? null;
  }
}
