/**
 * What the live screen costs whoever looks: the process of `top` alone, attached to a service, in a real terminal. Idle, and while 500 connections
 * a second change 200 rows of each direction.
 */
import { readFileSync } from 'node:fs';
import { say } from '../scripts/lib/run.js';
import { Tmux } from '../test/e2e/tmux.js';
import { Scope } from '../test/support/scope.js';
import { portchurn } from '../test/support/service.js';
import { Place } from './lib/load.js';
import { processBusy } from './lib/proc.js';
import { Subject } from './lib/service.js';
import { type Cell, count, megabytes, percent, table } from './lib/table.js';
import { pause } from './lib/wait.js';

interface Step {
  name: string;
  /** conn/s */
  rate: number;
  width: number;
  height: number;
}

const RATE = 500;
const SPREAD = 200;
const STEPS: readonly Step[] = [
  { name: 'idle', rate: 0, width: 80, height: 24 },
  { name: 'idle', rate: 0, width: 200, height: 60 },
  { name: 'busy', rate: RATE, width: 80, height: 24 },
  { name: 'busy', rate: RATE, width: 200, height: 60 },
];
/** Until what runs often has been compiled, and each destination has a row. */
const SETTLE_MS = 10_000;

/** The service has said what there is: namespaces, and where connections are opened a row of them. */
const EMPTY = /●live .*[1-9] namespace/;
const FILLED = /●live .*[1-9] namespace[\s\S]*▶/;

export async function screen(quick: boolean): Promise<void> {
  const rows: Cell[][] = [];
  for (const step of STEPS) {
    say(`bench: screen, ${step.name} at ${step.width}x${step.height}`);
    rows.push(await measure(step, quick ? 10_000 : 30_000));
  }
  const head = ['', 'size', 'CPU of one core', 'bytes/s', 'RSS MiB', 'CPU until the first screen, s'];
  console.log(table(head, rows));
}

async function measure({ name, rate, width, height }: Step, ms: number): Promise<Cell[]> {
  const scope = new Scope();
  try {
    const place = await Place.open(scope);
    const subject = await Subject.start(scope, { flags: ['--filter', `netns:${place.netns.inode}`] });
    if (rate > 0) await place.client({ rate, spread: SPREAD });
    const tmux = Tmux.open(scope, width, height);
    tmux.type(`exec ${portchurn('top', '--connect', subject.service.url).join(' ')}`);
    await tmux.shows(rate > 0 ? FILLED : EMPTY);
    const pid = tmux.program;
    const first = processBusy(pid);
    await pause(SETTLE_MS);
    const [began, busy, bytes] = [performance.now(), processBusy(pid), writtenBy(pid)];
    await pause(ms);
    const seconds = (performance.now() - began) / 1000;
    return [
      name,
      `${width}x${height}`,
      percent((processBusy(pid) - busy) / seconds),
      count((writtenBy(pid) - bytes) / seconds),
      megabytes(memoryOf(pid)),
      first.toFixed(2),
    ];
  } finally {
    await scope.end();
  }
}

const memoryOf = (pid: number) =>
  1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** Bytes that it has written: nearly all of them to its terminal. */
const writtenBy = (pid: number) => Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
