/** Flows and failures of a namespace beside its sockets and what its programs report. In: both. Out: lines in the ledger. */
import type { FlowRow } from '../../../src/protocol/rows.js';
import { flowOf, isOpen, type KernelSocket } from './kernel.js';
import { groupBy, type Ledger, sum } from './ledger.js';
import type { Report } from './script.js';
import { GAVE_UP, NO_PORT, NOT_BOUND, type Shown, type Truth, textOf } from './shown.js';

/** Row by row where ss tells whose a socket is; together where it does not, as of TIME_WAIT entries. */
export function compareFlows(ledger: Ledger, { flows }: Shown, { kernel }: Truth): void {
  const rows = groupBy(flows, (row) => `${row.direction} ${textOf(row.destination)}`);
  const sockets = groupBy(kernel.sockets, (socket) => flowOf(kernel, socket));
  for (const name of new Set([...rows.keys(), ...sockets.keys()])) {
    const [own, held] = [rows.get(name) ?? [], sockets.get(name) ?? []];
    const entries = sum(held, ({ state }) => (state === 'TIME-WAIT' ? 1 : 0));
    ledger.same(
      `${name}: timeWait`,
      sum(own, (row) => row.timeWait),
      entries,
    );
    for (const row of own) compareFlow(ledger, name, row, held);
  }
}

function compareFlow(ledger: Ledger, name: string, row: FlowRow, held: readonly KernelSocket[]): void {
  const { pid, cmdline } = row.process;
  const own = held.filter(({ pids }) => pids.includes(pid ?? 0));
  const established = own.filter(({ state }) => state === 'ESTAB').length;
  const closed = (row.opened ?? 0) - own.filter(isOpen).length;
  ledger.same(`${name} of ${pid} (${cmdline}): established`, row.established, established);
  ledger.same(`${name} of ${pid} (${cmdline}): closed`, row.closed, closed);
}

/** Whose each connection was. */
export function compareOwners(ledger: Ledger, { flows }: Shown, { scripts }: Truth): void {
  for (const script of scripts) {
    const own = flows.filter(({ process }) => process.pid === script.pid);
    ledger.same(`rows of ${script.name}`, own.length, script.tallies.size);
    for (const row of own) compareOwner(ledger, row, script);
  }
}

function compareOwner(ledger: Ledger, row: FlowRow, { name, tallies, isAlive }: Report): void {
  const what = `${name} toward ${textOf(row.destination)}`;
  const tally = tallies.get(textOf(row.destination));
  const failed = sum(Object.entries(tally?.failed ?? {}), ([kind, count]) =>
    kind === NOT_BOUND ? 0 : count,
  );
  ledger.same(`${what}: opened`, row.opened, tally?.opened);
  ledger.counted(`${what}: failed`, row.failed, failed, row);
  ledger.same(`${what}: exited`, row.process.exited, !isAlive);
  ledger.same(`${what}: named`, row.process.name, name);
}

/** What arrives is what the clients opened. */
export function compareVisits(ledger: Ledger, { flows }: Shown, { visitors }: Truth): void {
  if (visitors.length === 0) return;
  const inbound = flows.filter(({ direction }) => direction === 'in');
  for (const [to, rows] of groupBy(inbound, ({ destination }) => textOf(destination))) {
    const opened = sum(visitors, ({ tallies }) => tallies.get(to)?.opened);
    ledger.same(
      `opened at ${to}`,
      sum(rows, (row) => row.opened),
      opened,
    );
  }
}

export function compareFailures(ledger: Ledger, { failures }: Shown, { scripts, kernel }: Truth): void {
  const isCounted = (errno: string | null) => errno !== null && ![NO_PORT, NOT_BOUND].includes(errno);
  const counted = sum(failures, ({ errno, count }) => (isCounted(errno) ? count : 0));
  ledger.same('failures that the kernel counts', counted, kernel.counters['Tcp.AttemptFails']);
  const rows = groupBy(failures, ({ process, errno, destination, call }) =>
    kindOf(process.pid, errno, call === 'bind' ? null : textOf(destination)),
  );
  /* Here nothing else leads to it. */
  for (const { key, cause } of failures.filter(({ errno }) => errno === NO_PORT))
    ledger.same(`cause of ${key}`, cause, 'ports-exhausted');
  const truth = new Map(scripts.flatMap(kindsOf));
  for (const kind of new Set([...rows.keys(), ...truth.keys()]))
    ledger.same(
      `failures: ${kind}`,
      sum(rows.get(kind) ?? [], (row) => row.count),
      truth.get(kind) ?? 0,
    );
}

/** A bind() has no destination: what is known of it is who called. */
const kindOf = (pid: number | null, errno: string | null, to: string | null) =>
  `${pid} ${errno ?? GAVE_UP} ${to ?? 'bind'}`;

function kindsOf({ pid, tallies }: Report): [string, number][] {
  const counts = new Map<string, number>();
  for (const [to, { failed }] of tallies)
    for (const [kind, count] of Object.entries(failed)) {
      const key = kindOf(pid, kind, kind === NOT_BOUND ? null : to);
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  return [...counts];
}
