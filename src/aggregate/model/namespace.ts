/** Network namespaces: cumulative totals and rates of each. Keyed by the kernel's net cookie, which is never reused. */

import { isUsable } from '../../forecast/port-range.js';
import type { NetSysctls } from '../../system/parse/sysctl.js';
import { PortCounts } from '../measure/port-counts.js';
import { RATE, RateWindow } from '../measure/rates.js';
import type { Owner } from './owner.js';

export class Namespace {
  opened = 0;
  closed = 0;
  failed = 0;
  /** Failed calls since the start, bind() among them, by errno name; null: none. */
  failuresByErrno: Map<string, number> | null = null;
  /** TIME_WAIT entries, FIN_WAIT2 mini-sockets among them, and those whose owner is known. */
  timeWait = 0;
  timeWaitAttributed = 0;
  /** Ports that bind() took: connections bound before connect(), their TIME_WAIT, listeners, idle binds. */
  readonly blocked = new PortCounts((port, by) => this.boundChanged(port, by));
  /** Who listens on a local port, as far as seen; null: not known. */
  listeners = new Map<number, Owner | null>();
  /** Ports of sockets that did bind() and nothing more. */
  idleBound = new Set<number>();
  /** Sockets by kernel state number, as the last audit counted them; null before the first. */
  states: Map<number, number> | null = null;
  sysctls: NetSysctls | null = null;
  /** Rows of the budget table that are about this namespace. */
  budgets = 0;
  /** TcpExt:TCPTimeWaitOverflow: closes that skipped TIME_WAIT because the table was full. */
  timeWaitOverflow: number | null = null;
  /**
   * User whose it is, who can give it any address and send itself any packet; 0: root, or who runs the service. Null: not known, as before the
   * first dump.
   */
  ownerUid: number | null = null;
  /** When the last complete dump began, CLOCK_MONOTONIC ns; 0 never. */
  auditedAt = 0;
  /** Its first event since it was added, CLOCK_MONOTONIC ns; 0: none so far. */
  firstSeen = 0;
  readonly rates = new RateWindow(RATE.KINDS);
  /** Unix ms. */
  lastSeen = 0;
  /** Connections whose connect() took the port of a TIME_WAIT entry over, as far as their events came. */
  recycled = 0;
  /** Of one kind: these. */
  readonly recycles = new RateWindow(1);
  /** The key as a number. */
  readonly cookie: number;
  /** Events of it are missing, or may be: of closes that the kernel did not show in full, or that nothing counted. */
  lowerBound = false;
  /** It has its inode now; no longer when another one was seen with it. The namespace table alone changes this. */
  isLiving = false;
  private knownBlocked: number | null = null;

  /** Ports of the range that plain connect() cannot use, whatever the destination. */
  get blockedPorts(): number {
    this.knownBlocked ??= this.countBlocked();
    return this.knownBlocked;
  }

  /** Listeners, idle binds, bound connections or the range are not what they were. */
  portsChanged(): void {
    this.knownBlocked = null;
  }

  /** Of one port it is known what changes; counting all of them is for audits, since a failed connect() asks for the sum. */
  private boundChanged(port: number, by: 1 | -1): void {
    if (!this.listeners.has(port) && !this.idleBound.has(port)) this.countPort(port, by);
  }

  listen(port: number, owner: Owner | null): void {
    const isNew = !this.listeners.has(port) && !this.idleBound.has(port) && !this.blocked.has(port);
    this.listeners.set(port, owner);
    if (isNew) this.countPort(port, 1);
  }

  private countPort(port: number, by: 1 | -1): void {
    if (this.knownBlocked === null || this.sysctls === null) return;
    if (isUsable(this.sysctls, port)) this.knownBlocked += by;
  }

  /** What rows of budgets say of it: changes seldom, and without an event of theirs. */
  get terms(): string {
    const { blockedPorts, sysctls } = this;
    return JSON.stringify([blockedPorts, { ...sysctls, reserved: sysctls?.reserved.ranges }]);
  }

  private countBlocked(): number {
    const { sysctls } = this;
    if (sysctls === null) return 0;
    const ports = new Set([...this.blocked.ports(), ...this.listeners.keys(), ...this.idleBound]);
    let blocked = 0;
    for (const port of ports) if (isUsable(sysctls, port)) blocked += 1;
    return blocked;
  }

  constructor(
    /** Net cookie, decimal: `netnsId` in rows. */
    readonly key: string,
    /** Inode, as `stat -L /run/netns/x` shows it; the kernel uses that of a deleted namespace again. */
    readonly inode: number,
  ) {
    this.cookie = Number(key);
  }
}
