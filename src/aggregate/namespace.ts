/** Network namespaces: cumulative totals and rates of each. Keyed by the kernel's net cookie, which is never reused. */
import { RATE } from './flow.js';
import { PortCounts } from './port-counts.js';
import { RateWindow } from './rates.js';

export class Namespace {
  opened = 0;
  closed = 0;
  failed = 0;
  lowerBound = false;
  /** TIME_WAIT entries, FIN_WAIT2 mini-sockets among them, and those whose owner is known. */
  timeWait = 0;
  timeWaitAttributed = 0;
  /** Ports that bind() took: connections bound before connect(), their TIME_WAIT, listeners, idle binds. */
  readonly blocked = new PortCounts();
  /** Local ports that somebody listens on, as far as seen. */
  listening = new Set<number>();
  readonly rates = new RateWindow(RATE.KINDS);
  /** Unix ms. */
  lastSeen = 0;

  constructor(
    /** Net cookie, decimal. */
    readonly key: string,
    /** Inode, as `stat -L /run/netns/x` shows it. */
    readonly inode: number,
  ) {}
}

export class NamespaceTable {
  private readonly byCookie = new Map<number, Namespace>();
  private last: Namespace | null = null;
  private lastCookie = -1;

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

  all(): Iterable<Namespace> {
    return this.byCookie.values();
  }

  get size(): number {
    return this.byCookie.size;
  }
}
