/**
 * Compares the kernel's own list of sockets with the socket table: what only the kernel has is added, what only the table has
 * is removed, timers and states are taken over. In: a dump of each namespace, socket by socket; then `sweep` in slices. Out:
 * tables that agree with the kernel. A dump can declare gone only what was there before the dump began.
 */
import type { SysctlTexts } from '../../system/parse/sysctl.js';
import type { Aggregator } from '../ingest/aggregator.js';
import type { Namespace } from '../model/namespace.js';
import { LISTEN, TIME_WAIT } from '../model/socket-state.js';
import type { DumpRequest } from '../tables/dump-bases.js';
import { AuditRound } from './audit-round.js';
import { BOUND_INACTIVE, type DumpedSocket, isWaiting, SYN_RECV } from './dumped-socket.js';
import { MissingSockets } from './missing-sockets.js';
import { NamespaceDump } from './namespace-dump.js';
import type { OverflowCounters } from './overflow-counters.js';
import { type HolderOf, SocketIntake } from './socket-intake.js';

/** What the end of a dump says for the next one. */
export interface DumpAgreement {
  /** 0: the next one will be whole. */
  readonly generation: number;
  /** TIME_WAIT entries that it left out. */
  readonly unchanged: number;
}

export class Reconciler {
  private readonly round = new AuditRound();
  private readonly missing: MissingSockets;
  private readonly intake: SocketIntake;

  /** @param holderOf which process holds the socket with this inode; asked where there are no events */
  constructor(
    private readonly aggregator: Aggregator,
    private readonly overflow: OverflowCounters,
    private readonly holderOf: HolderOf = () => null,
  ) {
    this.missing = new MissingSockets(aggregator, this.round);
    this.intake = new SocketIntake(aggregator, this.round, this.missing, holderOf);
  }

  /** Before the first dump of a round, once every earlier event has been counted. */
  beginRound(): void {
    this.round.next();
    this.aggregator.sockets.beginAudit(this.round.number);
    this.overflow.beginAudit();
  }

  /** What to ask for in the next dump of the namespace with this inode; it has to begin in this round. */
  request(inode: number, nowNs: number): DumpRequest {
    const { namespaces, sockets } = this.aggregator;
    const namespace = namespaces.livingAt(inode);
    return namespace === null ? WHOLE : sockets.bases.take(namespace, nowNs);
  }

  /**
   * @param isDifference it leaves out what is as it was in the dump before
   * @param ownerUid as in Namespace
   */
  begin(
    cookie: number,
    inode: number,
    startedNs: number,
    isDifference = false,
    ownerUid: number | null = null,
  ): void {
    const { namespaces } = this.aggregator;
    const namespace = namespaces.of(cookie, inode);
    namespace.ownerUid = ownerUid;
    this.round.dump =
      namespace === namespaces.rest ? null : new NamespaceDump(namespace, startedNs, isDifference);
    this.round.startedNs = startedNs;
  }

  socket(socket: DumpedSocket): void {
    const { dump } = this.round;
    if (dump === null) return;
    const { state } = socket;
    const waiting = isWaiting(socket);
    dump.count(waiting ? TIME_WAIT : state);
    if (state === LISTEN) this.listen(socket, dump);
    else if (state === BOUND_INACTIVE) dump.idleBound.add(socket.localPort);
    else if (state !== SYN_RECV) this.intake.take(socket, waiting);
  }

  /** An entry that an earlier dump has handed over is no more. */
  gone({ cookieLow, cookieHigh }: Pick<DumpedSocket, 'cookieLow' | 'cookieHigh'>): void {
    const { sockets } = this.aggregator;
    const slot = sockets.find(cookieLow, cookieHigh);
    if (this.round.dump === null || slot < 0) return;
    sockets.release(slot);
    /* What an event said after the dump began is newer. */
    if (sockets.sinceOf(slot) >= this.round.startedNs) return;
    this.missing.removeGone(slot, this.round.startedNs);
  }

  private listen({ localPort, inode = 0 }: DumpedSocket, dump: NamespaceDump): void {
    dump.listening.add(localPort);
    const holder = this.holderOf(inode);
    if (holder !== null) dump.namespace.listeners.set(localPort, holder);
  }

  /** Settings and counters of the namespace, as text by file name. */
  facts(texts: SysctlTexts, netstat: string | null): void {
    this.round.dump?.facts(texts, netstat);
  }

  /**
   * @param complete the dump showed every socket, or left it out as unchanged
   * @param agreement its generation, and how many entries it left out
   */
  end(complete: boolean, { generation, unchanged }: DumpAgreement = ALONE): void {
    if (this.round.dump === null || !complete) return;
    const { namespace, isDifference } = this.round.dump;
    this.round.dump.count(TIME_WAIT, unchanged);
    this.aggregator.sockets.bases.agree(namespace, generation, isDifference ? null : this.round.startedNs);
    if (!isDifference) this.round.whole.add(namespace);
    if (namespace.states === null) this.aggregator.flows.touchAll(namespace);
    this.round.dump.apply();
    this.round.complete.set(namespace, this.round.startedNs);
  }

  /** Removes what the dumps did not show, `count` slots from `from`; returns where to go on, -1 at the end. */
  sweep(from: number, count: number): number {
    const { sockets } = this.aggregator;
    const end = Math.min(sockets.end, from + count);
    for (let slot = from; slot < end; slot++) if (sockets.stateOf(slot) !== 0) this.missing.inspect(slot);
    return end < sockets.end ? end : -1;
  }

  endRound(): void {
    this.overflow.endAudit((namespace) => this.round.complete.has(namespace));
    this.aggregator.sockets.endAudit();
    this.aggregator.lost.endAudit();
    this.round.dump = null;
  }

  /** These namespaces have gone, and so has every socket of them: in one pass for all, in slices as `sweep`. */
  forget(gone: ReadonlySet<Namespace>, from: number, count: number): number {
    const { sockets, namespaces } = this.aggregator;
    const end = Math.min(sockets.end, from + count);
    for (let slot = from; slot < end; slot++)
      if (sockets.stateOf(slot) !== 0 && gone.has(sockets.flowOf(slot).namespace)) sockets.remove(slot);
    if (end < sockets.end) return end;
    for (const namespace of gone) {
      namespaces.delete(namespace);
      sockets.bases.drop(namespace);
    }
    return -1;
  }
}

/** Of a dump that no other goes on from. */
const ALONE: DumpAgreement = { generation: 0, unchanged: 0 };
const WHOLE: DumpRequest = { base: 0, again: new Uint32Array(0) };
