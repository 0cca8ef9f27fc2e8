/**
 * Programs that get the processor only while nobody else wants it. The policy alone does not do that: a scheduler with autogroup
 * (sched(7)) first shares processors between sessions, evenly, and only inside a session by policy. So each session of such a
 * program is given little weight, too, also those that it or its children start later.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** @typedef {{ pid: number, parent: number, session: number }} Place of a process */

/** sched(7), SCHED_IDLE: in its session, whoever else wants the processor gets it at once. From util-linux. */
export const AT_IDLE = ['chrt', '--idle', '0'];
/** As nice(1): the session weighs 110 beside 1024 of another one. With the least, 15, a page or a guest would stand still at times. */
const LITTLE = '10';
/** How soon a new session is noticed. */
const LOOK_MS = 500;

/** @param {string} text of /proc/PID/stat @returns {Place} */
export function placeOf(text) {
  const [, parent, , session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid: Number.parseInt(text, 10), parent: Number(parent), session: Number(session) };
}

/**
 * @param {readonly Place[]} all
 * @param {number} root a pid
 * @returns {Set<number>} the sessions of that process and of all below it
 */
export function sessionsBelow(all, root) {
  const found = new Set([root]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return new Set(all.filter(({ pid }) => found.has(pid)).map(({ session }) => session));
}

/** @returns {Place[]} of all processes */
function places() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      return placeOf(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return []; // it has ended
    }
  });
}

/**
 * @param {number} root a pid, which leads a session of its own
 * @param {Set<number>} known sessions that have been seen to
 */
function lighten(root, known) {
  const all = places();
  for (const session of sessionsBelow(all, root)) {
    if (known.has(session)) continue;
    known.add(session);
    const member = all.find((place) => place.session === session)?.pid;
    try {
      writeFileSync(`/proc/${member}/autogroup`, LITTLE);
    } catch {
      // It has ended, or this kernel has no autogroup.
    }
  }
}

/**
 * Until it is told to stop, sees to the sessions of a program that was started with `AT_IDLE` in a session of its own.
 * @param {number} root its pid
 * @returns {() => void} stops
 */
export function keepIdle(root) {
  const known = new Set();
  lighten(root, known);
  const timer = setInterval(() => lighten(root, known), LOOK_MS);
  return () => clearInterval(timer);
}
