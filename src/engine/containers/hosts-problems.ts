/**
 * Why containers have no names of their own for what they connect to. In: what the reader of their hosts files says. Out: problems, each with what it is
 * about. Pure.
 */
import {
  fullHostsProblem,
  moreSilentHostsProblem,
  silentHostsProblem,
  unreadHostsProblem,
} from '../../doctor/container-names.js';
import type { Problem } from '../../protocol/frames.js';
import type { HostsTrouble } from '../../system/destinations/container-hosts.js';

/** Containers that are named, each in a problem of its own. */
const MOST_NAMED = 4;

/** @param nameOf a container, by its control group */
export function hostsProblems(
  { silent, unread, isFull }: HostsTrouble,
  nameOf: (group: string) => string,
): [string, Problem][] {
  const more = silent.length - MOST_NAMED;
  return [
    ...silent
      .slice(0, MOST_NAMED)
      .map((group): [string, Problem] => [`hosts ${group}`, silentHostsProblem(nameOf(group))]),
    ...(more > 0 ? [['silent hosts', moreSilentHostsProblem(more)] as [string, Problem]] : []),
    ...(unread.length > 0 ? [['unread hosts', unreadHostsProblem(unread.length)] as [string, Problem]] : []),
    ...(isFull ? [['full hosts', fullHostsProblem] as [string, Problem]] : []),
  ];
}
