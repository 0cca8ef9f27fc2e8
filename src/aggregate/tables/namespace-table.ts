/**
 * All network namespaces, by the kernel's net cookie, which is never used again. Bounded: what happens in one that finds no
 * room counts for `rest`, which stands for all of these and is never audited.
 */
import { Namespace } from '../model/namespace.js';

/** Namespaces that went and are remembered: one that nothing listed may only have been out of sight. */
const REMEMBERED = 1024;

export class NamespaceTable {
  readonly rest = new Namespace('0', 0);
  private readonly byCookie = new Map<number, Namespace>();
  private readonly departed = new Map<number, Namespace>();
  /** By inode, which only one can have at a time. */
  private readonly living = new Map<number, Namespace>();
  private last: Namespace | null = null;
  private lastCookie = -1;
  private gone: string[] = [];

  constructor(private readonly limit: number) {
    this.rest.isLiving = true;
  }

  /**
   * One in which something happens now, or that an audit has entered: who had its inode before is gone. `cookie` as a number:
   * the kernel counts them from 1, far below 2^53.
   */
  of(cookie: number, inode: number): Namespace {
    if (cookie === this.lastCookie && this.last !== null) return this.last;
    const namespace = this.byCookie.get(cookie) ?? this.add(cookie, inode);
    if (!namespace.isLiving) this.claim(namespace);
    this.last = namespace;
    this.lastCookie = cookie;
    return namespace;
  }

  /** One in which something has happened at some time: it may be gone, and another one have its inode. */
  ofPast(cookie: number, inode: number): Namespace {
    const namespace = this.byCookie.get(cookie) ?? this.add(cookie, inode);
    if (!namespace.isLiving && !this.living.has(inode)) this.claim(namespace);
    return namespace;
  }

  /** It is gone: deleted, or nothing of it was seen for long. Should it come back, its counts go on. */
  delete(namespace: Namespace): void {
    const { cookie } = namespace;
    this.byCookie.delete(cookie);
    this.lastCookie = -1;
    if (this.living.get(namespace.inode) === namespace) this.living.delete(namespace.inode);
    namespace.isLiving = false;
    namespace.firstSeen = 0;
    this.gone.push(namespace.key);
    this.departed.set(cookie, namespace);
    const [oldest] = this.departed.keys();
    if (this.departed.size > REMEMBERED && oldest !== undefined) this.departed.delete(oldest);
  }

  /** Keys of those that no longer live; the table may still hold them until an audit has cleared up after them. */
  takeGone(): string[] {
    const taken = this.gone.filter((key) => !this.byCookie.get(Number(key))?.isLiving);
    this.gone = [];
    return taken;
  }

  /** The one that has this inode now. */
  livingAt(inode: number): Namespace | null {
    return this.living.get(inode) ?? null;
  }

  /** @param key net cookie, decimal */
  known(key: string): Namespace | null {
    return this.byCookie.get(Number(key)) ?? null;
  }

  all(): Iterable<Namespace> {
    return this.byCookie.values();
  }

  get size(): number {
    return this.byCookie.size;
  }

  private claim(namespace: Namespace): void {
    const before = this.living.get(namespace.inode);
    if (before !== undefined) {
      before.isLiving = false;
      this.gone.push(before.key);
    }
    namespace.isLiving = true;
    this.living.set(namespace.inode, namespace);
  }

  private add(cookie: number, inode: number): Namespace {
    const isFull = this.byCookie.size >= this.limit;
    const namespace = isFull
      ? this.rest
      : (this.departed.get(cookie) ?? new Namespace(String(cookie), inode));
    this.departed.delete(cookie);
    this.byCookie.set(isFull ? Number(this.rest.key) : cookie, namespace);
    return namespace;
  }
}
