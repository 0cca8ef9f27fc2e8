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
  private last: Namespace | null = null;
  private lastCookie = -1;
  private gone: string[] = [];

  constructor(private readonly limit: number) {}

  /** `cookie` as a number: the kernel counts them from 1, far below 2^53. */
  of(cookie: number, inode: number): Namespace {
    if (cookie === this.lastCookie && this.last !== null) return this.last;
    const namespace = this.byCookie.get(cookie) ?? this.add(cookie, inode);
    this.last = namespace;
    this.lastCookie = cookie;
    return namespace;
  }

  /** It is gone: deleted, or nothing of it was seen for long. Should it come back, its counts go on. */
  delete(namespace: Namespace): void {
    const { cookie } = namespace;
    this.byCookie.delete(cookie);
    this.lastCookie = -1;
    this.gone.push(namespace.key);
    this.departed.set(cookie, namespace);
    const [oldest] = this.departed.keys();
    if (this.departed.size > REMEMBERED && oldest !== undefined) this.departed.delete(oldest);
  }

  takeGone(): string[] {
    const taken = this.gone.filter((key) => !this.byCookie.has(Number(key)));
    this.gone = [];
    return taken;
  }

  all(): Iterable<Namespace> {
    return this.byCookie.values();
  }

  get size(): number {
    return this.byCookie.size;
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
