/**
 * `portchurn top` on a terminal: finds the service, or starts one of its own beside it, and shows it live until the user ends it. In: option
 * values, a terminal. Out: an exit code.
 */
import type { ValuesOf } from '../../config/options.js';
import { EXIT } from '../../protocol/errors.js';
import type { Backends, ChildService } from '../backends.js';
import { aborted, type Io, pause, say } from '../io.js';
import { findService } from '../source/open.js';
import { targetAtPath } from '../source/target.js';
import { Live } from './live.js';
import { putTo } from './tty/outlet.js';

type TopValues = ValuesOf<'top'>;

/** What a terminal's stdout is. */
const STDOUT = 1;

/** Exit code 0, or 130 after a signal. Throws when there is nothing to attach to and no way to trace, or when that ends. */
export async function liveTop(values: TopValues, io: Io, backends: Backends): Promise<number> {
  const target = await findService(values, io, backends);
  const child = target === null ? await ownService(values, io, backends) : null;
  const out = putTo(STDOUT);
  try {
    const { terminal } = io;
    const at = target ?? (child && targetAtPath(child.socket, null));
    if (terminal === undefined || at === null) return EXIT.failed;
    const over = new AbortController();
    const tty = { ...terminal, ...out };
    const live = new Live(at, { ...values, group: values.group ?? null }, io, tty);
    const running = live.run(over.signal);
    await Promise.race([running, end(values, io, child)]);
    over.abort();
    await running;
    child?.lost.throwIfAborted();
  } finally {
    out.close();
    await child?.stop();
  }
  return io.stop.aborted && io.stop.reason !== 'pipe' ? EXIT.interrupted : EXIT.ok;
}

function ownService(values: TopValues, io: Io, backends: Backends): Promise<ChildService> {
  say(io, 'no service is running: starting a tracer for this screen');
  const { noSyscalls, portableVerdict, redact, ringBytes } = values;
  return backends.startChildService({ noSyscalls, portableVerdict, redact, ringBytes });
}

/** A signal, the time that was asked for, or the end of what is shown. */
async function end({ duration }: TopValues, io: Io, child: ChildService | null): Promise<void> {
  const stops = [aborted(io.stop), ...(child === null ? [] : [aborted(child.lost)])];
  if (duration !== undefined) stops.push(pause(duration * 1000, io.stop));
  await Promise.race(stops);
}
