/** Budgets and bind pools of a namespace beside its sockets and settings. In: both. Out: lines in the ledger. */
import type { BudgetRow } from '../../../src/protocol/rows.js';
import { type KernelSocket, portOf, sourceOf } from './kernel.js';
import { groupBy, type Ledger } from './ledger.js';
import { blocked, outbound, type Shown, type Truth, textOf } from './shown.js';

export function compareBudgets(ledger: Ledger, { budgets }: Shown, truth: Truth): void {
  const sockets = outbound(truth);
  const held = new Map([
    ...groupBy(sockets, ({ local, remote }) => `${sourceOf(local)} > ${remote}`),
    ...(truth.bindsFirst ? groupBy(sockets, ({ local }) => `${sourceOf(local)} > bind()`) : []),
  ]);
  const rows = groupBy(budgets, nameOf);
  for (const name of new Set([...rows.keys(), ...held.keys()])) {
    const [row, ...more] = rows.get(name) ?? [];
    ledger.same(`${name}: more rows`, more.length, 0);
    compareBudget(ledger, name, row, held.get(name) ?? [], truth);
  }
}

const nameOf = ({ kind, source, destination }: BudgetRow) =>
  `${source.address} > ${kind === 'tuple' ? textOf(destination) : 'bind()'}`;

function compareBudget(
  ledger: Ledger,
  name: string,
  row: BudgetRow | undefined,
  held: readonly KernelSocket[],
  truth: Truth,
): void {
  const ports = new Set(held.map(({ local }) => portOf(local)));
  const beside = [...blocked(truth)].filter((port) => !ports.has(port)).length;
  const limit = truth.kernel.usable.size;
  const inState = (state: string) => held.filter((socket) => socket.state === state).length;
  ledger.same(`${name}: used`, row?.used, ports.size);
  ledger.same(`${name}: limit`, row?.limit, limit);
  ledger.same(`${name}: blocked`, row?.blocked, beside);
  ledger.same(`${name}: free`, row?.free, Math.max(0, limit - ports.size - beside));
  ledger.same(`${name}: timeWait`, row?.timeWait, inState('TIME-WAIT'));
  ledger.same(`${name}: established`, row?.established, inState('ESTAB'));
}
