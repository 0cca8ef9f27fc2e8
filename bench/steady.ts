/**
 * A fixed rate of connections: what the service costs, how late it is, what it loses. One service per rate, one client
 * subscribed.
 */

import { say } from '../scripts/lib/run.js';
import { Scope } from '../test/support/scope.js';
import { Client } from './lib/client.js';
import { cpuShare } from './lib/cpu.js';
import { Place } from './lib/load.js';
import { type Report, Subject } from './lib/service.js';
import { quantile } from './lib/stats.js';
import { type Cell, count, megabytes, percent, table } from './lib/table.js';
import { pause } from './lib/wait.js';

interface Step {
  name: string;
  /** conn/s */
  rate: number;
  watched: boolean;
}

const STEPS: readonly Step[] = [
  { name: 'idle, no client', rate: 0, watched: false },
  { name: 'idle', rate: 0, watched: true },
  { name: '500', rate: 500, watched: true },
  { name: '3,000', rate: 3000, watched: true },
  { name: '20,000', rate: 20_000, watched: true },
];

const SPREAD = 8;
/** Until what runs often has been compiled; under load until as many TIME_WAIT entries end as begin. */
const SETTLE_MS = { idle: 15_000, loaded: 65_000 } as const;

export async function steady(quick: boolean): Promise<void> {
  const rows: Cell[][] = [];
  for (const step of STEPS) {
    say(`bench: steady, ${step.name}`);
    rows.push(await measure(step, quick));
  }
  console.log(
    table(
      [
        'conn/s',
        'came',
        'CPU of one core',
        'to aggregator p50 / p99 ms',
        'to frame p50 / p99 ms',
        'lost',
        'RSS MiB',
      ],
      rows,
    ),
  );
}

async function measure(step: Step, quick: boolean): Promise<Cell[]> {
  const ms = quick ? 4000 : 10_000;
  const scope = new Scope();
  try {
    const place = await Place.open(scope);
    const subject = await Subject.start(scope);
    const client = step.watched ? await Client.open(scope, subject.service.url, { noting: true }) : null;
    if (step.rate > 0) await place.client({ rate: step.rate, spread: SPREAD });
    await pause(step.rate > 0 && !quick ? SETTLE_MS.loaded : SETTLE_MS.idle);
    await subject.report();
    client?.reset();
    const opened = place.counter('Tcp.PassiveOpens');
    const busy = await cpuShare(subject.pid, ms);
    const came = ((place.counter('Tcp.PassiveOpens') - opened) / ms) * 1000;
    const waits = client?.waits ?? [];
    return describe(step, came, busy, await subject.report(), waits, await lostOf(subject));
  } finally {
    await scope.end();
  }
}

async function lostOf(subject: Subject): Promise<number> {
  const { ring, recursion } = await subject.lost();
  return ring + recursion;
}

/** @param came conn/s that the generator came to */
function describe(
  step: Step,
  came: number,
  busy: number,
  report: Report,
  waits: readonly number[],
  lost: number,
): Cell[] {
  const { p50, p99 } = report.latency;
  const pair = (low: number, high: number, digits: number) =>
    `${low.toFixed(digits)} / ${high.toFixed(digits)}`;
  return [
    step.name,
    count(came),
    percent(busy),
    p50 === null || p99 === null || step.rate === 0 ? null : pair(p50, p99, 1),
    waits.length === 0 || step.rate === 0 ? null : pair(quantile(waits, 0.5), quantile(waits, 0.99), 0),
    lost,
    megabytes(report.memory.rss),
  ];
}
