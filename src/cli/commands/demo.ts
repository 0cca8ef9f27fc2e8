/**
 * `portchurn demo`: an incident on purpose, in a network namespace of its own, for whoever tries the tool. In: options, Enter for the fix.
 * Out: what happens and what the tool says of it, line by line. It ends after its time or by a signal, and leaves nothing.
 */
import type { ValuesOf } from '../../config/options.js';
import { EXIT } from '../../protocol/errors.js';
import { clock } from '../../protocol/format.js';
import type { IncidentRow } from '../../protocol/rows.js';
import type { Backends, DemoStage } from '../backends.js';
import { type Io, pause } from '../io.js';
import { printable } from '../screen/text.js';
import { type DataSource, rowsOf } from '../source/data-source.js';
import { openDataSource } from '../source/open.js';

/** Seconds in which all is well. */
const CALM_SECONDS = 5;
/** Share of the time after which the fix is applied when nobody asks for it. */
const FIXED_BY = 0.5;

export async function demo(values: ValuesOf<'demo'>, io: Io, backends: Backends): Promise<number> {
  const source = await openDataSource(values, [], io, backends);
  try {
    const stage = await backends.openStage();
    try {
      await new Demo(source, stage, io, values.seconds).run();
    } finally {
      await stage.end();
    }
  } finally {
    await source.close();
  }
  print(io, 'The end: the programs and their network namespace are gone.');
  return io.stop.aborted ? EXIT.interrupted : EXIT.ok;
}

class Demo {
  /** Unix ms. */
  private readonly end: number;
  /** Lines that were printed: an incident is told again when it says something else. */
  private readonly said = new Set<string>();

  constructor(
    private readonly source: DataSource,
    private readonly stage: DemoStage,
    private readonly io: Io,
    private readonly seconds: number,
  ) {
    this.end = Date.now() + seconds * 1000;
  }

  async run(): Promise<void> {
    const { io, stage, source } = this;
    stage.play({ checkout: 'reuse' });
    print(
      io,
      'A server on 127.0.0.1:8080 and checkout.js, which sends it 90 requests a second and keeps its connections.',
    );
    print(io, `They have a network namespace of their own, inode ${stage.netns}, with 1,000 local ports.`);
    if (source.attached)
      print(io, `Watch: the page, or portchurn why --netns ${stage.netns} in another terminal.`);
    await this.watch(CALM_SECONDS);
    stage.play({ checkout: 'churn', report: true });
    print(
      io,
      'Now checkout.js opens a connection for each request, and closes it itself: each holds its port for 60 s.',
    );
    print(io, 'report.js, which asks once a second, is the victim. Press Enter to apply the fix.');
    await this.watch(this.seconds * FIXED_BY, entered(io));
    stage.play({ checkout: 'reuse', report: true });
    print(
      io,
      'The fix is applied: checkout.js keeps its connections again. The ports come back as their 60 s end.',
    );
    await this.watch(this.seconds);
    source.lost.throwIfAborted();
  }

  /** Prints what is said of incidents here, for so long at most. Own timers: in Node 20 a timeout inside AbortSignal.any() may never come. */
  private async watch(seconds: number, enough?: AbortSignal): Promise<void> {
    const until = Math.min(this.end, Date.now() + seconds * 1000);
    const isOver = () => [this.io.stop, this.source.lost, enough].some((signal) => signal?.aborted === true);
    while (Date.now() < until && !isOver()) {
      await pause(Math.min(1000, until - Date.now()), enough ?? this.io.stop);
      if (this.io.stop.aborted) return;
      const body = await this.source.table({ topic: 'incidents', filter: `netns:${this.stage.netns}` });
      for (const row of rowsOf(body, 'incidents')) this.tell(row);
    }
  }

  private tell(row: IncidentRow): void {
    this.say(`${row.key} ${row.state}`, `${row.state.toUpperCase()}: ${row.title}`);
    const [first] = row.remedies;
    if (first !== undefined) this.say(`${row.key} fix ${first.text}`, `First: ${first.text}`);
    for (const change of row.changes)
      if (change.worked === true) this.say(`${row.key} ${change.text}`, `It worked, after: ${change.text}`);
  }

  private say(what: string, text: string): void {
    if (this.said.has(what)) return;
    this.said.add(what);
    print(this.io, `  ${text}`);
  }
}

/** Aborts with the first line on standard input. */
function entered({ stdin }: Io): AbortSignal {
  const pressed = new AbortController();
  stdin?.once('data', () => pressed.abort());
  return pressed.signal;
}

const print = (io: Io, text: string) => io.stdout.write(`${clock(Date.now())} ${printable(text)}\n`);
