/**
 * What is known of a place to which several rows lead: its names, and who is there where all flows to it agree. In: flows, a part at a time
 * (peers.ts); what the machine calls addresses and ports. Out: destinations of budgets and failures. A round over all flows decides, so
 * that a flow that disagrees is heard at the latest with the next one; a flow that knows nobody says nothing.
 */
import type { Destination as DestinationRow, ProcessInfo } from '../../protocol/rows.js';
import { type Destination, destinationText } from '../model/destination.js';
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';
import { oneServer } from './one-server.js';

export interface KnownNames {
  /** Grows whenever names have changed. */
  readonly changes: number;
  serviceOf(port: number): string | null;
  /**
   * @param netns inode of the namespace in which the address is seen
   * @param group control group of the container that sees it; null: of none, or of several
   */
  nameOf(netns: number | null, address: string, group: string | null): string | null;
  /** A container wants names. @param through a process of its control group that lives, as far as is known */
  ask(group: string, through: { readonly pid: number; readonly startTicks: number }): void;
}

const NO_NAMES: KnownNames = { changes: 0, serviceOf: () => null, nameOf: () => null, ask: () => undefined };

/** In one namespace: the same address is another place in the next. */
export interface Place {
  readonly namespace: Namespace;
  readonly destination: Destination;
}

/** Who is there; `process` null: flows disagree. */
interface There extends Place {
  process: ProcessInfo | null;
}

export class Places {
  names = NO_NAMES;
  private known: ReadonlyMap<string, There> = new Map();
  private found = new Map<string, There>();

  /** @param port may be -1: not known */
  of({ namespace, destination }: Place): DestinationRow {
    const { address, port } = destination;
    const process = this.known.get(keyOf({ namespace, destination }))?.process ?? null;
    return {
      address,
      port: port < 0 ? null : port,
      name: address === null ? null : this.names.nameOf(namespace.inode, address, null),
      service: port < 0 ? null : this.names.serviceOf(port),
      peer: process && { process },
    };
  }

  /** A flow of this round. */
  hear({ namespace, destination, peer }: Flow): void {
    const process = peer?.process ?? null;
    if (process === null) return;
    const key = keyOf({ namespace, destination });
    const there = this.found.get(key);
    if (there === undefined) this.found.set(key, { namespace, destination, process });
    else if (there.process !== null && there.process !== process)
      there.process = oneServer([there.process, process]);
  }

  /** The round is over. Returns the places of which something else is known than before it, by their keys. */
  turn(): ReadonlyMap<string, Place> {
    const { known, found } = this;
    const changed = new Map<string, Place>();
    for (const [key, there] of found) {
      const before = known.get(key)?.process ?? null;
      if (isSame(before, there.process)) there.process = before;
      else changed.set(key, there);
    }
    for (const [key, there] of known) if (there.process !== null && !found.has(key)) changed.set(key, there);
    this.known = found;
    this.found = new Map();
    return changed;
  }
}

export const keyOf = ({ namespace, destination }: Place): string =>
  `${namespace.key}/${destinationText(destination)}`;

function isSame(one: ProcessInfo | null, other: ProcessInfo | null): boolean {
  if (one === other || one === null || other === null) return one === other;
  const { parent, ...fields } = one;
  const same = (name: string) => one[name as keyof ProcessInfo] === other[name as keyof ProcessInfo];
  return (
    parent.pid === other.parent.pid && parent.comm === other.parent.comm && Object.keys(fields).every(same)
  );
}
