/**
 * By whose root a container's files are read. In: a process of the container. Out: the first of its line that the runtime has put there.
 * Whoever is in a container may make a mount namespace of his own, as far down as he is: above him is who was there before.
 */
import { partOf } from '../parse/container.js';
import { parseCgroup, type Stat } from '../parse/process.js';
import { readStat } from '../proc.js';
import { readText } from '../read.js';

/** A process by its pid and its start, in clock ticks after boot. */
export interface Living {
  readonly pid: number;
  readonly startTicks: number;
}

/** A longer line of parents is nobody's. */
const MOST_PARENTS = 64;

interface Found extends Stat {
  readonly pid: number;
  /** The control groups of all hierarchies. */
  readonly groups: string;
}

/**
 * Null: it has ended, or may not be read, or is in another container by now, or one of its parents changed meanwhile.
 * @param group path of its control group
 */
export function topOfGroup({ pid, startTicks }: Living, group: string, root = '/proc'): Living | null {
  let top = find(pid, root);
  if (top?.startTicks !== startTicks || containerOf(parseCgroup(top.groups)) !== containerOf(group))
    return null;
  for (let left = MOST_PARENTS; left > 0; left--) {
    if (top.ppid === 0) return top;
    const parent = find(top.ppid, root);
    // A parent that is younger has the pid of one that ended.
    if (parent === null || parent.startTicks > top.startTicks) return null;
    if (parent.groups !== top.groups) return top;
    top = parent;
  }
  return null;
}

/** In a control group namespace of our own paths are others, and ids are the same. */
const containerOf = (path: string | null) => (path === null ? null : partOf(path).container?.id);

function find(pid: number, root: string): Found | null {
  const stat = readStat(`${root}/${pid}`);
  const groups = readText(`${root}/${pid}/cgroup`);
  return stat === null || groups === null || groups === '' ? null : { ...stat, pid, groups };
}
