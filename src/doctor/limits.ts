/**
 * What this service cannot answer for as long as it runs, why, and what would mend that: the same words on every
 * surface. In: how it traces. Out: problems, none when nothing is missing. Pure.
 */
import type { Problem, VerdictPath } from '../protocol/frames.js';

/** @param reason why the kernel takes no programs, `fix` what would mend that */
export function pollingLimit(reason: string, fix: string): Problem {
  return {
    what: 'Polling: a TIME_WAIT entry has an owner only if its connection was seen open; opens, closes, failed connects, durations, bytes and events are unknown, and when ports run out is not foretold.',
    why: `Sockets and /proc are read every few seconds, since no BPF program could be loaded. ${reason}`,
    fix,
  };
}

/** @param requested the option --portable-verdict is set */
export function verdictLimit(path: VerdictPath, requested = false): Problem | null {
  if (path === 'ehash') return null;
  return {
    what: 'Portable verdict: where tcp_max_tw_buckets is reached or an old error was never read, a close may be counted wrongly, as leaving a TIME_WAIT entry or as leaving none, until the next audit a few seconds later.',
    why: requested
      ? 'The service runs with --portable-verdict.'
      : 'This kernel does not describe its table of sockets, so the closing socket alone decides.',
    fix: requested
      ? 'Start without --portable-verdict.'
      : 'Boot a kernel whose BTF describes its table of sockets, as those of Debian 12 do: sudo apt-get install linux-image-amd64',
  };
}

/** The tracer reports the kernel's own process ids; /proc shows those of the service's pid namespace. */
export function pidNamespaceLimit(initial: boolean): Problem | null {
  if (initial) return null;
  return {
    what: 'Of processes outside of this pid namespace only what they show at a connect is known: older ones have no name, units are missing, live ones may be shown as ended, and network namespaces that only they are in are not audited.',
    why: 'The service runs in a pid namespace of its own, as in a container, and sees the /proc of that.',
    fix: 'Share the host’s: docker run --pid=host …, in Kubernetes hostPID: true.',
  };
}

export function syscallsLimit(traced: boolean): Problem | null {
  if (traced) return null;
  return {
    what: 'Not seen: who accepts a connection, calls that fail before anything is sent, bind() on a port in use.',
    why: 'The service runs with --no-syscalls.',
    fix: 'Start it without --no-syscalls.',
  };
}
