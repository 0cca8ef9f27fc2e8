/**
 * `portchurn trace`: one line per connection event, as it happens. In: options, a data source. Out: lines or NDJSON
 * on stdout, counts of what was left out on stderr.
 */
import type { ValuesOf } from '../../config/options.js';
import { EXIT } from '../../protocol/errors.js';
import { integer } from '../../protocol/format.js';
import type { ConnectionEvent } from '../../protocol/rows.js';
import type { Backends } from '../backends.js';
import { aborted, type Io, pause, say } from '../io.js';
import { eventLine } from '../screen/event-line.js';
import { columnsOf, styleFor } from '../screen/style.js';
import { jsonText } from '../screen/text.js';
import type { EventListener } from '../source/data-source.js';
import { openDataSource } from '../source/open.js';
import { checkFilter } from './once.js';
import { requireProcesses } from './pids.js';

type TraceValues = ValuesOf<'trace'>;

/** Faster than a person can read: on a terminal the rest is counted instead. */
const SCREEN_LINES_PER_SECOND = 200;
const REPORT_MS = 1000;
/** A service sends events once in an interval: those of the last moments come after them. Longer than its usual interval. */
const LATE_MS = 1500;
/** Bytes kept for a slow reader of stdout. What comes on top is counted instead: it would fill the memory. */
const MOST_WAITING = 64 << 20;

/** Exit code 0 after --duration, 130 after a signal. Throws for a process that does not exist. */
export async function trace(values: TraceValues, io: Io, backends: Backends): Promise<number> {
  await checkFilter(values.filter);
  requireProcesses(values.pid, values.connect);
  const source = await openDataSource(values, values.pid, io, backends);
  const printer = new Printer(values, io);
  const reports = setInterval(() => printer.report(), REPORT_MS);
  try {
    await source.events({ pids: values.pid, filter: values.filter, raw: values.raw }, printer.print);
    announce(values, io);
    const until = AbortSignal.any([io.stop, source.lost]);
    if (values.duration === undefined) await aborted(until);
    else {
      await pause(values.duration * 1000, until);
      await pause(LATE_MS, AbortSignal.any([until, printer.next()]));
    }
    if (!io.stop.aborted) source.lost.throwIfAborted();
  } finally {
    clearInterval(reports);
    await source.close();
    printer.report();
  }
  return io.stop.aborted && io.stop.reason !== 'pipe' ? EXIT.interrupted : EXIT.ok;
}

function announce({ pid, raw }: TraceValues, io: Io): void {
  say(io, `tracing ${pid.length === 0 ? 'every process' : `pid ${pid.join(', ')}`}; Ctrl-C stops`);
  if (raw && pid.length === 0) say(io, 'the kernel reports transitions only of processes named by --pid');
}

/** Writes events as they come, and counts those it does not write. */
class Printer {
  #suppressed = 0;
  #dropped = 0;
  #lines = 0;
  #awaited = new AbortController();
  readonly #limit: number;
  readonly #line: (event: ConnectionEvent) => string;

  constructor(
    private readonly values: TraceValues,
    private readonly io: Io,
  ) {
    const style = styleFor(io, values);
    const line = (event: ConnectionEvent) => eventLine(event, style, columnsOf(io.stdout));
    const chosen = values.pid.length > 0 || values.filter !== '' || values.output === 'ndjson';
    this.#limit = chosen || !io.stdout.isTTY ? Number.POSITIVE_INFINITY : SCREEN_LINES_PER_SECOND;
    this.#line = values.output === 'ndjson' ? jsonText : line;
  }

  /** Aborts when the next events have come. */
  next(): AbortSignal {
    this.#awaited = new AbortController();
    return this.#awaited.signal;
  }

  readonly print: EventListener = (events, dropped) => {
    this.#awaited.abort();
    this.#dropped += dropped;
    if (this.io.stdout.waiting > MOST_WAITING) {
      this.#dropped += events.length;
      return;
    }
    const shown = events.slice(0, this.#limit - this.#lines);
    this.#lines += shown.length;
    this.#suppressed += events.length - shown.length;
    if (shown.length > 0) this.io.stdout.write(shown.map((event) => `${this.#line(event)}\n`).join(''));
  };

  /** Once a second, and at the end: says what is missing above, and begins anew. */
  report(): void {
    const { glyphs } = styleFor(this.io, this.values);
    if (this.#suppressed > 0) {
      this.io.stdout.write(
        `${glyphs.more} suppressed ${integer(this.#suppressed)} lines (--pid, --filter or -o ndjson)\n`,
      );
    }
    if (this.#dropped > 0)
      say(this.io, `${integer(this.#dropped)} events dropped: more came than could be kept`);
    this.#lines = this.#suppressed = this.#dropped = 0;
  }
}
