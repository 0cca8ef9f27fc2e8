/**
 * What this machine calls destinations: a port by the registry of services, an address by the hosts file. In: ports, addresses. Out: names, or null.
 * Only in the host's own network namespace an address has a name: the file of a container lies in a mount namespace that somebody else has
 * prepared (docs/decisions/peers.md).
 */
import { hostNamespace } from '../netns-scan.js';
import { parseHosts } from '../parse/hosts.js';
import { parseServices } from '../parse/services.js';
import { KnownFile } from './known-file.js';

export class SystemNames {
  readonly #services = new KnownFile('/etc/services', parseServices, new Map());
  readonly #hosts: KnownFile<Map<string, string>>;
  readonly #host: number | null;

  /** `host`: inode of the host's namespace; null: not known, so that no address has a name. */
  constructor({ hosts = '/etc/hosts', host = hostNamespace('/proc') } = {}) {
    this.#hosts = new KnownFile(hosts, parseHosts, new Map());
    this.#host = host;
  }

  /** How often any of them has changed. */
  get changes(): number {
    return this.#services.changes + this.#hosts.changes;
  }

  serviceOf(port: number): string | null {
    return this.#services.value.get(port) ?? null;
  }

  /** @param netns inode of the namespace in which the address is seen */
  nameOf(netns: number | null, address: string): string | null {
    if (netns === null || netns !== this.#host) return null;
    return this.#hosts.value.get(address) ?? null;
  }
}
