/**
 * What the destinations of flows are called. In: the flow table, what the machine knows; `tick` once a second. Out: names on flows. A part of the
 * flows at a time, so that nothing is done per event and a file that has changed is followed.
 */
import type { Flow } from '../model/flow.js';
import type { FlowTable } from '../tables/flow-table.js';

export interface KnownNames {
  serviceOf(port: number): string | null;
  /** @param netns inode of the namespace in which the address is seen */
  nameOf(netns: number | null, address: string): string | null;
}

/** Looked at in one second. */
const FLOWS = 8192;

export class Naming {
  private next = 0;

  constructor(
    private readonly flows: FlowTable,
    private readonly names: KnownNames,
  ) {}

  tick(): void {
    for (const flow of this.flows.part(this.next, FLOWS)) this.name(flow);
    this.next += FLOWS;
    if (this.next >= this.flows.end) this.next = 0;
  }

  private name(flow: Flow): void {
    const { address, port } = flow.destination;
    const service = port < 0 ? null : this.names.serviceOf(port);
    const name = address === null ? null : this.names.nameOf(flow.namespace.inode, address);
    if (service === flow.service && name === flow.destinationName) return;
    flow.service = service;
    flow.destinationName = name;
    this.flows.touch(flow);
  }
}
