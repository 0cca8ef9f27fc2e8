/**
 * What this process could do at most. In: /proc/self/status. Out: uid and bounding set, which limits what root gets
 * when it executes a file.
 */
import { CapabilitySet } from './capabilities.js';
import { readText } from './read.js';

export interface Privileges {
  /** Effective. */
  readonly uid: number;
  readonly bounding: CapabilitySet;
}

/** @param root put before /proc */
export function readPrivileges(root = ''): Privileges {
  const status = readText(`${root}/proc/self/status`) ?? '';
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1];
  const bounding = /^CapBnd:\s+(\w+)/m.exec(status)?.[1] ?? '';
  return { uid: Number(uid), bounding: CapabilitySet.parse(bounding) };
}
