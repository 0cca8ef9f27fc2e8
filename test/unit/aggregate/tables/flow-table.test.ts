/** Flows and their index under random admission, folding and release, against a Map. */
import { describe, expect, it } from 'vitest';
import type { Destination } from '../../../../src/aggregate/model/destination.js';
import type { Flow } from '../../../../src/aggregate/model/flow.js';
import { Namespace } from '../../../../src/aggregate/model/namespace.js';
import { Process } from '../../../../src/aggregate/model/process.js';
import { FlowTable } from '../../../../src/aggregate/tables/flow-table.js';
import { addressText } from '../../../../src/decode/address.js';
import { AROUND } from '../../../support/aggregate-world.js';
import { type Random, random } from '../../../support/random.js';
import { addressBytes } from '../../../support/records.js';

const NOBODY = new Process(0, AROUND);
const namespaces = [1, 2].map((n) => new Namespace(String(n), 4026530000 + n));

function processes(count: number): Process[] {
  return Array.from({ length: count }, (_, n) => {
    const process = new Process(n + 1, AROUND);
    process.pid = 1000 + n;
    process.startTicks = n;
    return process;
  });
}

function destination(address: string, port: number): Destination {
  const bytes = addressBytes(address);
  const words = new Uint32Array(bytes.buffer);
  return {
    words: [words[0] as number, words[1] as number, words[2] as number, words[3] as number],
    address: addressText(bytes),
    port,
  };
}

const pick = <T>(next: Random, from: readonly T[]): T => from[next(from.length)] as T;

/** The table and what it must hold, with one fold target per owner. */
class Model {
  readonly table: FlowTable;
  readonly flows = new Map<string, Flow>();
  /** Indexes that live connections hold, and the flow that counts for each. */
  readonly pinned: { index: number; flow: Flow }[] = [];
  counted = 0;

  constructor(limit: number) {
    this.table = new FlowTable(limit, NOBODY);
  }

  count(namespace: Namespace, owner: Process, direction: number, to: Destination): void {
    const flow = this.table.of(namespace, owner, direction, to);
    const key = [namespace.key, owner.id, direction, to.address, to.port].join();
    const known = this.flows.get(key);
    if (known !== undefined && flow !== known) throw new Error(`${key} has two flows`);
    this.flows.set(key, flow);
    flow.opened += 1;
    this.counted += 1;
  }

  pin(flow: Flow): void {
    this.pinned.push({ index: this.table.pin(flow), flow });
  }

  /** A connection ends: its index must still lead to whoever counts for it. */
  release(at: number): void {
    const [{ index, flow }] = this.pinned.splice(at, 1) as [{ index: number; flow: Flow }];
    if (this.table.at(index) !== flow.current) throw new Error(`index ${index} leads to another flow`);
    this.table.unpin(index);
  }

  foldOwner(owner: Process, into: Process): void {
    for (const flow of [...this.table.ownedBy(owner)]) {
      this.table.rollUp(flow, this.table.of(flow.namespace, into, flow.direction, flow.destination));
    }
    for (const [key, flow] of this.flows) if (flow.owner === owner) this.flows.delete(key);
  }

  check(): void {
    const held = [...this.table.all()];
    expect(held.reduce((sum, flow) => sum + flow.opened, 0)).toBe(this.counted);
    expect(held).toHaveLength(this.table.size);
    expect(new Set(held.map(({ key }) => key)).size).toBe(held.length);
    for (const flow of this.flows.values()) expect(held).toContain(flow.current);
  }
}

describe('the table of flows', () => {
  it.each([1, 2, 3])(
    'finds the same flow again through 20,000 random admissions, folds and releases (%i)',
    (seed) => {
      const next = random(seed);
      const owners = processes(60);
      const program = processes(61)[60] as Process;
      const to = ['10.0.0.1', '10.0.0.2', '2001:db8::1'].flatMap((host) =>
        [80, 443].map((port) => destination(host, port)),
      );
      const model = new Model(1_000_000);
      for (let i = 0; i < 20_000; i++) {
        const what = next(100);
        if (what < 60) model.count(pick(next, namespaces), pick(next, owners), 1 + next(2), pick(next, to));
        else if (what < 75 && model.flows.size > 0) model.pin(pick(next, [...model.flows.values()]));
        else if (what < 95 && model.pinned.length > 0) model.release(next(model.pinned.length));
        else if (what === 99) model.foldOwner(pick(next, owners), program);
      }
      model.check();
      while (model.pinned.length > 0) model.release(0);
      model.check();
    },
  );

  it('uses the place of a folded flow again once nothing points at it, and not before', () => {
    const table = new FlowTable(100, NOBODY);
    const [a, b, program] = processes(3) as [Process, Process, Process];
    const [here] = namespaces as [Namespace];
    const to = destination('10.0.0.1', 80);
    const old = table.of(here, a, 1, to);
    const index = table.pin(old);
    const into = table.of(here, program, 1, to);
    table.rollUp(old, into);
    expect(table.of(here, b, 1, to).index).not.toBe(index);
    expect(table.at(index)).toBe(into);
    table.unpin(index);
    expect(table.of(here, b, 1, destination('10.0.0.1', 81)).index).toBe(index);
  });

  it('follows a flow that was folded twice', () => {
    const table = new FlowTable(100, NOBODY);
    const [a, b, c] = processes(3) as [Process, Process, Process];
    const [here] = namespaces as [Namespace];
    const to = destination('10.0.0.1', 80);
    const [first, second, third] = [a, b, c].map((owner) => table.of(here, owner, 1, to)) as [
      Flow,
      Flow,
      Flow,
    ];
    const index = table.pin(first);
    first.opened = 3;
    table.rollUp(first, second);
    table.rollUp(second, third);
    expect(table.at(index)).toBe(third);
    expect(third.opened).toBe(3);
  });

  it('folds new destinations of an owner into one flow when it is full, old ones stay', () => {
    const table = new FlowTable(3, NOBODY);
    const [owner, other] = processes(2) as [Process, Process];
    const [here, there] = namespaces as [Namespace, Namespace];
    const known = [1, 2, 3].map((port) => table.of(here, owner, 1, destination('10.0.0.1', port)));
    const rest = [4, 5, 6].map((port) => table.of(here, owner, 1, destination('10.0.0.1', port)));
    expect(new Set(rest).size).toBe(1);
    expect(rest[0]?.destination).toMatchObject({ address: null, port: -1 });
    expect(table.of(here, owner, 1, destination('10.0.0.1', 2))).toBe(known[1]);
    expect(table.of(here, owner, 2, destination('10.0.0.1', 4))).not.toBe(rest[0]);
    expect(table.of(there, owner, 1, destination('10.0.0.1', 4))).not.toBe(rest[0]);
    expect(table.of(here, other, 1, destination('10.0.0.1', 4))).not.toBe(rest[0]);
  });

  it('says once what changed and once what went', () => {
    const table = new FlowTable(100, NOBODY);
    const [a, program] = processes(2) as [Process, Process];
    const [here] = namespaces as [Namespace];
    const flow = table.of(here, a, 1, destination('10.0.0.1', 80));
    for (let i = 0; i < 3; i++) table.touch(flow);
    expect(table.takeDirty()).toEqual([flow]);
    expect(table.takeDirty()).toEqual([]);
    table.touch(flow);
    const into = table.of(here, program, 1, destination('10.0.0.1', 80));
    table.rollUp(flow, into);
    expect(table.takeDirty()).toEqual([into]);
    expect(table.takeGone()).toEqual([flow.key]);
    expect(table.takeGone()).toEqual([]);
  });
});
