/** Waiting that shows itself on stderr: a countdown on a terminal, one line elsewhere. */
import { type Io, pause, say } from '../io.js';

const TICK_MS = 1000;
const ERASE_LINE = '\r\u001b[K';

/** Resolves after `ms`, or when `until` aborts; the countdown is gone then. */
export async function withProgress(io: Io, doing: string, ms: number, until: AbortSignal): Promise<void> {
  if (!io.stderr.isTTY) {
    say(io, `${doing} for ${ms / 1000} s`);
    return pause(ms, until);
  }
  const end = Date.now() + ms;
  while (!until.aborted && Date.now() < end) {
    const left = end - Date.now();
    io.stderr.write(`${ERASE_LINE}portchurn: ${doing}, ${Math.ceil(left / 1000)} s left`);
    await pause(left % TICK_MS || TICK_MS, until);
  }
  io.stderr.write(ERASE_LINE);
}
