/** What the kernel says of the machine's and of one process's time and memory. */
import { readdirSync, readFileSync } from 'node:fs';

/** /proc/stat counts in these. */
const TICKS_PER_SECOND = 100;

/** Seconds that all processors together have been busy, kernel and user, since boot. */
export function machineBusy(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

/** Seconds that the process's threads have run; by the scheduler's own clock, to the nanosecond. */
export function processBusy(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, tid) => sum + threadBusy(pid, tid), 0);
}

/** A thread that has ended meanwhile counts no more: the service's live as long as it does. */
function threadBusy(pid: number, tid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
  } catch {
    return 0;
  }
}

/** A counter of the network namespace that a process lives in: "Tcp.PassiveOpens". */
export function netCounter(pid: number, name: string): number {
  const [group = '', field = ''] = name.split('.');
  const file = group.endsWith('Ext') ? 'netstat' : 'snmp';
  const lines = readFileSync(`/proc/${pid}/net/${file}`, 'utf8').split('\n');
  const [head = '', values = ''] = lines.filter((line) => line.startsWith(`${group}:`));
  return Number(values.split(' ')[head.split(' ').indexOf(field)]);
}
