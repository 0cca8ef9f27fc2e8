/**
 * Who holds which socket, by /proc: every descriptor of every process, in slices of the event loop. In: /proc. Out: by
 * the socket's inode the process that holds it, of several the one that is listed first, and who has exited since the
 * scan before.
 */
import { readStat } from './proc.js';
import { entriesOf, readLink } from './read.js';
import { inSlices } from './slices.js';

export interface Holder {
  readonly pid: number;
  /** Clock ticks after boot: with the pid, the identity of a process. */
  readonly startTicks: number;
}

const SOCKET = /^socket:\[(\d+)\]$/;

export class SocketHolders {
  private byInode = new Map<number, Holder>();
  private known = new Map<number, Holder>();

  constructor(
    private readonly onExit: (holder: Holder) => void,
    private readonly root = '/proc',
  ) {}

  /** As the last scan found it; null: no process, or none that we may read. */
  of(inode: number): Holder | null {
    return this.byInode.get(inode) ?? null;
  }

  async scan(): Promise<void> {
    const [found, seen] = [new Map<number, Holder>(), new Map<number, Holder>()];
    await inSlices(this.pieces(found, seen));
    for (const [pid, holder] of this.known)
      if (seen.get(pid)?.startTicks !== holder.startTicks && this.isGone(holder)) this.onExit(holder);
    this.byInode = found;
    this.known = seen;
  }

  private *pieces(found: Map<number, Holder>, seen: Map<number, Holder>): Generator<void> {
    for (const { name } of entriesOf(this.root)) {
      if (!/^\d+$/.test(name)) continue;
      yield* this.descriptors(name, found, seen);
      yield;
    }
  }

  private *descriptors(pid: string, found: Map<number, Holder>, seen: Map<number, Holder>): Generator<void> {
    let holder: Holder | null = null;
    for (const { name } of entriesOf(`${this.root}/${pid}/fd`)) {
      const inode = Number(SOCKET.exec(readLink(`${this.root}/${pid}/fd/${name}`) ?? '')?.[1]);
      if (Number.isNaN(inode) || found.has(inode)) continue;
      holder ??= this.identify(Number(pid));
      if (holder === null) return;
      found.set(inode, holder);
      yield;
    }
    if (holder !== null) seen.set(holder.pid, holder);
  }

  private identify(pid: number): Holder | null {
    const stat = readStat(`${this.root}/${pid}`);
    return stat && { pid, startTicks: stat.startTicks };
  }

  /** It may only have closed its sockets. */
  private isGone({ pid, startTicks }: Holder): boolean {
    return this.identify(pid)?.startTicks !== startTicks;
  }
}
