/**
 * Hosts files of processes, on the event loop's terms: the native threads wait for file systems, this asks now and then whether one has
 * answered. One at a time. In: pids. Out: bytes, nothing, or that the file was not there in time.
 */
import type { HostsText, NativeHostsReader } from './native.js';

/** A file on a disk is there in the first few; of one that is not, nobody waits longer than all of them: a second. */
const WAITS_MS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

export class HostsFiles {
  constructor(private readonly native: NativeHostsReader) {}

  /**
   * Null: nothing that may be read. `late`: the file system does not answer, or has not answered yet. `busy`: too many others did not. Rejects when no thread can be made.
   * @param known version that need not be read again, '' for none
   */
  async read(pid: number, known: string): Promise<HostsText | null | 'late' | 'busy'> {
    // Else one container would hang one thread after the other, until there is none for others.
    if (this.native.waits(pid)) return 'late';
    if (!this.native.start(pid, known)) return 'busy';
    for (const ms of WAITS_MS) {
      await pause(ms);
      const answer = this.native.take();
      if (answer !== undefined) return answer;
    }
    this.native.abandon();
    return 'late';
  }
}
