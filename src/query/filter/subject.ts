/**
 * What a filter can test in a row of any topic: its processes, endpoints, states. In: a row or an event. Out: the
 * candidates, of which one must match.
 */
import type { AnyRow } from '../../protocol/frames.js';
import type { AnnotationSubject } from '../../protocol/history.js';
import type {
  BudgetRow,
  ConnectionEvent,
  Endpoint,
  FlowRow,
  IncidentRow,
  ProcessInfo,
  TotalsRow,
} from '../../protocol/rows.js';
import { endpointText } from '../group.js';

export type Subject = AnyRow | ConnectionEvent | AnnotationSubject;
/** A row of any topic: which of the fields it has depends on the topic. */
type AnyFields = Partial<FlowRow & BudgetRow & TotalsRow & ConnectionEvent & People>;

type People = Pick<IncidentRow, 'culprits' | 'victims'>;

const fieldsOf = (row: Subject) => row as unknown as AnyFields;
const known = <T>(values: readonly (T | null | undefined)[]): T[] =>
  values.filter((value): value is T => value !== null && value !== undefined);

/** The owner; of a budget, all holders of its ports; of an incident, culprits and victims. */
export function processes(row: Subject): ProcessInfo[] {
  const { process, holders } = fieldsOf(row);
  return process ? [process] : [...(holders ?? []), ...people(row)].map((one) => one.process);
}

function people(row: Subject): (People['culprits'] | People['victims'])[number][] {
  const { culprits = [], victims = [] } = fieldsOf(row);
  return [...culprits, ...victims];
}

export function ofProcesses<T>(row: Subject, read: (process: ProcessInfo) => T | null): T[] {
  return known(processes(row).map(read));
}

export function processTexts(row: Subject): string[] {
  const texts = processes(row).flatMap((one) => [one.name, one.comm, one.exe, one.script, one.cmdline]);
  return known([...texts, ...programs(row), fieldsOf(row).program]);
}

/** Who is at the other end: the process there and where it runs, and what the address is called. */
export function peerTexts(row: Subject): string[] {
  const { name, peer } = fieldsOf(row).destination ?? {};
  const process = peer?.process;
  return known([
    name,
    process?.name,
    process?.comm,
    process?.exe,
    process?.unit,
    process?.container,
    process?.pod,
  ]);
}

/** The program; of rows without that field, the process's name, comm and exe. */
export function programTexts(row: Subject): string[] {
  const { program } = fieldsOf(row);
  if (program !== undefined) return known([program]);
  return known([...programs(row), ...processes(row).flatMap((one) => [one.name, one.comm, one.exe])]);
}

const programs = (row: Subject) => people(row).map(({ program }) => program);

/** Outbound: the remote end; inbound: the local one. An event of unknown direction offers both. */
export function destinations(row: Subject): Endpoint[] {
  const { destination, local, remote, direction } = fieldsOf(row);
  if (destination) return [destination];
  return known([direction === 'out' ? null : local, direction === 'in' ? null : remote]);
}

export function sources(row: Subject): Endpoint[] {
  const { source, local, remote, direction } = fieldsOf(row);
  if (source) return [{ address: source.address, port: null }];
  return known([direction === 'in' ? null : local, direction === 'out' ? null : remote]);
}

/** An event's two states; of a table's row, the states in which it counts at least one socket. */
export function states(row: Subject): string[] {
  const { oldState, newState, timeWait, established, states: counts } = fieldsOf(row);
  const counted = Object.entries(counts ?? { 'time-wait': timeWait, established }).filter(
    ([, count]) => (count ?? 0) > 0,
  );
  return known([oldState, newState, ...counted.map(([name]) => name)]);
}

/** The texts in which a word without a key is searched. */
export function bareTexts(row: Subject): string[] {
  return known([...processTexts(row), ...destinations(row).map(endpointText), fieldsOf(row).name]);
}
