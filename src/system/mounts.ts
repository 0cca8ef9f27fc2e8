/** Where file systems are mounted. In: a type, and /proc/self/mountinfo or a text like it. Out: mounts. */
import { readText } from './read.js';

/** A host with thousands of containers has as many lines. */
const MOUNTINFO_LIMIT = 8 * 1024 * 1024;

export interface Mount {
  /** Which directory of the file system is mounted; "/" is all of it. */
  root: string;
  point: string;
  type: string;
}

/** This process's mounts of one type. @param root put before /proc */
export function readMounts(type: string, root = ''): Mount[] {
  return mountsOf(type, readText(`${root}/proc/self/mountinfo`, MOUNTINFO_LIMIT) ?? '');
}

/** The mounts of one type in a text as of proc_pid_mountinfo(5). */
export function mountsOf(type: string, mountinfo: string): Mount[] {
  return mountinfo
    .split('\n')
    .map(parseLine)
    .filter((mount) => mount?.type === type) as Mount[];
}

/** "31 23 0:28 ROOT POINT rw,relatime [optional fields] - TYPE source options" */
function parseLine(line: string): Mount | null {
  const [front, back] = line.split(' - ');
  const [, , , root, point] = (front ?? '').split(' ');
  const type = back?.split(' ')[0];
  if (root === undefined || point === undefined || type === undefined) return null;
  return { root: unmangle(root), point: unmangle(point), type };
}

/** Blank, tab, newline and backslash are written in octal. */
function unmangle(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
