/** All network namespaces, by the kernel's net cookie, which is never used again. */
import { Namespace } from '../model/namespace.js';

export class NamespaceTable {
  private readonly byCookie = new Map<number, Namespace>();
  private last: Namespace | null = null;
  private lastCookie = -1;
  private readonly gone: string[] = [];

  /** `cookie` as a number: the kernel counts them from 1, far below 2^53. */
  of(cookie: number, inode: number): Namespace {
    if (cookie === this.lastCookie && this.last !== null) return this.last;
    let namespace = this.byCookie.get(cookie);
    if (namespace === undefined) {
      namespace = new Namespace(String(cookie), inode);
      this.byCookie.set(cookie, namespace);
    }
    this.last = namespace;
    this.lastCookie = cookie;
    return namespace;
  }

  /** It is gone: deleted, or nothing of it was seen for long. */
  delete(namespace: Namespace): void {
    this.byCookie.delete(Number(namespace.key));
    this.lastCookie = -1;
    this.gone.push(namespace.key);
  }

  takeGone(): string[] {
    return this.gone.splice(0);
  }

  all(): Iterable<Namespace> {
    return this.byCookie.values();
  }

  get size(): number {
    return this.byCookie.size;
  }
}
