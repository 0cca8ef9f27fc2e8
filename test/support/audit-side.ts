/**
 * Tables, and the reconciler that makes them agree with dumps: two of them, one by differences and one by whole dumps, must tell the
 * same. In: events, records of dumps. Out: what the tables hold.
 */
import { SOCKET_FLAG } from '../../src/aggregate/model/socket-state.js';
import { Reconciler } from '../../src/aggregate/reconcile/reconciler.js';
import { Batch } from '../../src/decode/batch.js';
import type { DumpBegin, DumpEnd, DumpGone, DumpSink, DumpSocket } from '../../src/decode/dump.js';
import { World } from './aggregate-world.js';

export class AuditSide implements DumpSink {
  readonly world = new World();
  readonly reconciler = new Reconciler(this.world.aggregator, this.world.folds);
  /** Sockets of all dumps, and entries that they left out. */
  handedOver = 0;
  leftOut = 0;

  get nowNs(): number {
    return Math.round((this.world.now - this.world.aggregator.unixMsAtZero) * 1e6);
  }

  begin({ netnsLow, netnsHigh, netnsInum, startedNs, basedOn }: DumpBegin): void {
    this.reconciler.begin(netnsLow + netnsHigh * 2 ** 32, netnsInum, startedNs, basedOn !== 0);
  }

  socket(socket: DumpSocket): void {
    this.reconciler.socket(socket);
  }

  gone(gone: DumpGone): void {
    this.reconciler.gone(gone);
  }

  text(): void {}

  end(end: DumpEnd): void {
    this.reconciler.end(end.error === 0, end);
    this.handedOver += end.sockets;
    this.leftOut += end.unchanged;
  }

  endRound(): void {
    for (let at = 0; at >= 0; at = this.reconciler.sweep(at, 1000));
    this.reconciler.endRound();
  }
  lostOwner(record: Uint8Array): void {
    const batch = new Batch(record.length);
    batch.u8.set(record);
    this.world.aggregator.lost.take(batch, record.length);
  }

  /** Everything but deadlines. */
  reported() {
    const { flows, namespaces, budgets, sockets } = this.world.aggregator;
    const every = Array.from({ length: sockets.end }, (_, slot) => slot).filter(
      (slot) => sockets.stateOf(slot) !== 0,
    );
    return {
      sockets: every
        .map((slot) => {
          const { OPEN_COUNTED, PREEXISTING, ATTRIBUTED, BOUND } = SOCKET_FLAG;
          const flags = [OPEN_COUNTED, PREEXISTING, ATTRIBUTED, BOUND].filter((it) =>
            sockets.hasFlag(slot, it),
          );
          const { owner, namespace } = sockets.flowOf(slot);
          return [namespace.key, sockets.portOf(slot), sockets.stateOf(slot), owner.pid, ...flags].join();
        })
        .sort(),
      flows: [...flows.all()]
        .map((it) => {
          const { opened, closed, failed, timeWait, established, portsHeld, missedCloses } = it;
          const key = [it.namespace.key, it.owner.pid, it.direction].join();
          return [key, opened, closed, failed, timeWait, established, portsHeld, missedCloses].join();
        })
        .filter((line) => !line.endsWith(',0,0,0,0,0,0,0'))
        .sort(),
      namespaces: [...namespaces.all()].map((it) => {
        const { key, opened, closed, timeWait, timeWaitAttributed, lowerBound, recycled } = it;
        return { key, opened, closed, timeWait, timeWaitAttributed, lowerBound, recycled, states: it.states };
      }),
      budgets: [...budgets.all()]
        .map((it) => [it.namespace.key, it.timeWait, it.established, it.used].join())
        .sort(),
    };
  }
}
