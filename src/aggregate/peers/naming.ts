/**
 * What destinations are called. In: the tables, what the machine knows; `tick` once a second. Out: names on flows, and budgets and failures that
 * are shown anew when names have changed. A part of the flows at a time, so that nothing is done per event and a file that has changed is followed.
 */
import { DIRECTION } from '../../decode/layout.js';
import type { Flow } from '../model/flow.js';
import type { BudgetTable } from '../tables/budget-table.js';
import type { FailureTable } from '../tables/failure-table.js';
import type { FlowTable } from '../tables/flow-table.js';
import type { KnownNames, Places } from './places.js';

/** Looked at in one second. */
const FLOWS = 8192;

export interface NamedTables {
  readonly flows: FlowTable;
  readonly budgets: BudgetTable;
  readonly failures: { readonly table: FailureTable };
  readonly places: Places;
}

export class Naming {
  private next = 0;
  private changes = 0;

  constructor(
    private readonly tables: NamedTables,
    private readonly names: KnownNames,
  ) {
    tables.places.names = names;
  }

  tick(): void {
    const { flows } = this.tables;
    for (const flow of flows.part(this.next, FLOWS)) this.name(flow);
    this.next += FLOWS;
    if (this.next >= flows.end) this.next = 0;
    if (this.names.changes === this.changes) return;
    this.changes = this.names.changes;
    this.showAnew();
  }

  /** Budgets and failures ask for names when their rows are made. */
  private showAnew(): void {
    const { budgets, failures } = this.tables;
    for (const budget of budgets.all()) budgets.touch(budget);
    for (const failure of failures.table.all()) failures.table.touch(failure);
  }

  private name(flow: Flow): void {
    const { address, port } = flow.destination;
    const service = port < 0 ? null : this.names.serviceOf(port);
    const name = address === null ? null : this.nameOf(flow, address);
    if (service === flow.service && name === flow.destinationName) return;
    flow.service = service;
    flow.destinationName = name;
    this.tables.flows.touch(flow);
    for (const budget of this.tables.budgets.toward(flow)) this.tables.budgets.touch(budget);
  }

  /** What a container says of the address is for its own processes. Of who was found there it need not say anything. */
  private nameOf({ namespace, owner, direction, peer }: Flow, address: string): string | null {
    const { container, cgroup } = owner.info();
    const group = direction === DIRECTION.OUT && container !== null ? cgroup : null;
    const living = group !== null && peer?.process == null ? owner.living : null;
    if (group !== null && living !== null) this.names.ask(group, living);
    return this.names.nameOf(namespace.inode, address, group);
  }
}
