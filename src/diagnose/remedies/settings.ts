/**
 * Commands that change the settings of one network namespace, with undo, and what keeps them. In: settings, the namespace's row, a
 * process in it. Out: advice. Pure. A command never changes another namespace than that one, the host's least of all.
 */
import type { ProcessInfo, TotalsRow } from '../../protocol/rows.js';
import type { Advice, Setting } from '../types.js';
import { keeping } from './keeping.js';
import { placeOf } from './place.js';

type Words = Pick<Advice, 'text' | 'effect' | 'change'>;

/** @param settings set in this order, taken back in the other */
export function changeOf(
  settings: readonly Setting[],
  totals: TotalsRow | undefined,
  process: ProcessInfo,
  words: Words,
): Advice {
  const prefix = enter(totals, process);
  const kept = keeping(settings, totals === undefined ? 'namespace' : placeOf(totals, process));
  const advice = { ...words, settings, command: null, undo: null, ...kept };
  if (prefix === null) return { ...advice, persistence: `${listed(settings)} in that namespace.` };
  return {
    ...advice,
    command: `${prefix}sysctl -w ${settings.map(({ name, value }) => assigned(name, value)).join(' ')}`,
    undo: `${prefix}sysctl -w ${[...settings]
      .reverse()
      .map(({ name, before }) => assigned(name, before))
      .join(' ')}`,
  };
}

const assigned = (name: string, value: string) => `net.ipv4.${name}="${value}"`;
const listed = (settings: readonly Setting[]) =>
  `Set ${settings.map(({ name, value }) => `net.ipv4.${name} = ${value}`).join(' and ')}`;

/** Only names that a shell takes as they are; other processes choose them. */
const PLAIN = /^[\w.@-]+$/;

/**
 * Words before a command that is about a namespace, also before one that only looks: by the namespace's inode, or its name. A pid proves
 * nothing: a thread may make sockets in another namespace than its process lives in, and the next process with that pid may live anywhere.
 * Null: it is not known how to get in.
 */
export function enter(totals: TotalsRow | undefined, process?: ProcessInfo): string | null {
  if (totals === undefined) return null;
  if (totals.name === 'host') return '';
  const isNamed = totals.name !== null && PLAIN.test(totals.name);
  const isEmpty = process?.pid === null && process.parent.pid === null;
  if (isNamed && isEmpty) return `ip netns exec ${totals.name} `;
  return totals.netns === null ? null : byInode(totals.netns);
}

/**
 * By any process that is in it; without one nsenter(1) refuses, and nothing is run. Not by lsns(8): it may list nothing when a process
 * ends while it reads, and where ports run out many do.
 */
function byInode(inode: number): string {
  return `nsenter --net="$(find -L /proc/[0-9]*/ns/net -inum ${inode} -print -quit 2>/dev/null)" `;
}
