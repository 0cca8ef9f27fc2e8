/**
 * One round of an audit, as far as it has come: the dump that is under way, and the namespaces whose dumps are complete. The stages
 * of reconciling share it (reconciler.ts).
 */
import type { Namespace } from '../model/namespace.js';
import type { NamespaceDump } from './namespace-dump.js';

export class AuditRound {
  number = 0;
  /** Null: none is under way, or it is of a namespace that has no place in the tables. */
  dump: NamespaceDump | null = null;
  /** CLOCK_MONOTONIC ns; when the last dump began. */
  startedNs = 0;
  /** Namespaces whose dump of this round is complete, with the time it began. */
  readonly complete = new Map<Namespace, number>();
  /** Of these, those whose dump left nothing out. */
  readonly whole = new Set<Namespace>();

  next(): void {
    this.number += 1;
    this.complete.clear();
    this.whole.clear();
  }
}
