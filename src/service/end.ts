/**
 * The end of this process. process.exit() waits for the threads that read files, and one of these may wait for a file system that does not answer: then the
 * addon ends it. In: the exit code; all that was written has been taken. Does not return.
 */
import { openAddon } from '../engine/addon.js';
import { isReading } from '../system/containers/disk.js';

export function end(code: number): never {
  if (isReading()) openAddon().endAtOnce(code);
  process.exit(code);
}
