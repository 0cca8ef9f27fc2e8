/** Starts of processes in clock ticks. In: ns after boot. Out: ticks, as proc_pid_stat(5) counts them. Pure. */

/** USER_HZ is 100 on every architecture that this builds for. */
const NS_PER_TICK = 10_000_000n;

/** Ticks as /proc/PID/stat counts them, of a start in ns after boot (task->start_boottime). */
export function ticksOf(startNs: bigint): number {
  return Number(startNs / NS_PER_TICK);
}
