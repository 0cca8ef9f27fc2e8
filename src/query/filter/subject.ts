/**
 * What a row of any topic offers to a filter: its processes, endpoints, states. Enters: a row or an event. Leaves: the
 * candidates of which one must match. Called by keys.ts.
 */
import type { AnyRow } from '../../protocol/frames.js';
import type {
  BudgetRow,
  ConnectionEvent,
  Endpoint,
  FlowRow,
  ProcessInfo,
  TotalsRow,
} from '../../protocol/rows.js';
import { endpointText } from '../group.js';

export type Subject = AnyRow | ConnectionEvent;
/** A row as far as a filter cares; which fields there are depends on the topic. */
type Loose = Partial<FlowRow & BudgetRow & TotalsRow & ConnectionEvent>;

const loose = (row: Subject) => row as unknown as Loose;
const known = <T>(values: readonly (T | null | undefined)[]): T[] =>
  values.filter((value): value is T => value !== null && value !== undefined);

/** The owner; of a budget, everybody who holds its ports. */
export function processes(row: Subject): ProcessInfo[] {
  const { process, holders } = loose(row);
  return process ? [process] : (holders ?? []).map((holder) => holder.process);
}

export function ofProcesses<T>(row: Subject, read: (process: ProcessInfo) => T | null): T[] {
  return known(processes(row).map(read));
}

export function processTexts(row: Subject): string[] {
  const texts = processes(row).flatMap((one) => [one.comm, one.exe, one.cmdline]);
  return known([...texts, loose(row).program]);
}

/** Rows without a program of their own are asked for the process's name and file. */
export function programTexts(row: Subject): string[] {
  const { program } = loose(row);
  return known(program === undefined ? processes(row).flatMap((one) => [one.comm, one.exe]) : [program]);
}

/** Outbound: the remote end; inbound: the local one. An event of unknown direction offers both. */
export function destinations(row: Subject): Endpoint[] {
  const { destination, local, remote, direction } = loose(row);
  if (destination) return [destination];
  return known([direction === 'out' ? null : local, direction === 'in' ? null : remote]);
}

export function sources(row: Subject): Endpoint[] {
  const { source, local, remote, direction } = loose(row);
  if (source) return [{ address: source.address, port: null }];
  return known([direction === 'in' ? null : local, direction === 'out' ? null : remote]);
}

/** An event's two states; of a table's row the states it counts anything in. */
export function states(row: Subject): string[] {
  const { oldState, newState, timeWait, established, states: counts } = loose(row);
  const counted = Object.entries(counts ?? { 'time-wait': timeWait, established }).filter(
    ([, count]) => (count ?? 0) > 0,
  );
  return known([oldState, newState, ...counted.map(([name]) => name)]);
}

/** What a bare word is looked for in. */
export function bareTexts(row: Subject): string[] {
  return known([...processTexts(row), ...destinations(row).map(endpointText), loose(row).name]);
}
