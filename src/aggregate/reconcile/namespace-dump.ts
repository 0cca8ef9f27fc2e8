/**
 * What one socket dump says of its network namespace as a whole: sockets by state, listeners, ports that are merely bound,
 * settings and counters. In: sockets and texts of the dump. Out: the namespace, brought up to date when the dump is complete.
 */
import { parseNetstat } from '../../system/parse/netstat.js';
import type { SysctlTexts } from '../../system/parse/sysctl.js';
import type { Namespace } from '../model/namespace.js';
import { takeSettings } from './namespace-settings.js';

/** A state is one byte of a record. */
const STATES = 256;

export class NamespaceDump {
  /** Sockets of the dump by state. */
  private readonly states = new Uint32Array(STATES);
  readonly listening = new Set<number>();
  readonly idleBound = new Set<number>();

  /** @param startedNs CLOCK_MONOTONIC, before the dump */
  constructor(
    readonly namespace: Namespace,
    readonly startedNs: number,
    /** It leaves out entries that are unchanged. */
    readonly isDifference: boolean,
  ) {}

  count(state: number, sockets = 1): void {
    this.states[state] = (this.states[state] as number) + sockets;
  }

  /** Settings and counters of the namespace, as text by file name. */
  facts(texts: SysctlTexts, netstat: string | null): void {
    takeSettings(this.namespace, texts, this.startedNs);
    this.namespace.timeWaitOverflow =
      netstat === null ? null : (parseNetstat(netstat).TcpExt?.TCPTimeWaitOverflow ?? null);
  }

  /** Takes over what the complete dump has shown. */
  apply(): void {
    const { namespace } = this;
    namespace.states = new Map([...this.states.entries()].filter(([, count]) => count > 0));
    this.applyListeners();
    namespace.idleBound = this.idleBound;
    namespace.auditedAt = this.startedNs;
    namespace.portsChanged();
  }

  private applyListeners(): void {
    const { listeners } = this.namespace;
    for (const port of listeners.keys()) if (!this.listening.has(port)) listeners.delete(port);
    for (const port of this.listening) if (!listeners.has(port)) listeners.set(port, null);
  }
}
