/** Several processes as one server. In: processes. Out: what they have in common; null: there are none, or they are of different programs. Pure. */
import { commonOf } from '../../protocol/parts/common.js';
import { ProcessInfo } from '../../protocol/rows.js';

const common = commonOf<ProcessInfo>(ProcessInfo);

export function oneServer(processes: readonly ProcessInfo[]): ProcessInfo | null {
  const [first, ...others] = processes;
  const one = first === undefined || others.length === 0 ? (first ?? null) : common(processes);
  return one === null || one.name === null ? null : one;
}
