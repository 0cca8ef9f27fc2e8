/** The processor time of one process over a while. */
import { processBusy } from './proc.js';
import { pause } from './wait.js';

/** Share of one processor. */
export async function cpuShare(pid: number, ms: number): Promise<number> {
  const [began, busy] = [performance.now(), processBusy(pid)];
  await pause(ms);
  return ((processBusy(pid) - busy) / (performance.now() - began)) * 1000;
}
