/**
 * The event loop of the service stands still for half a second at 20,000 conn/s, again and again: the ring holds what
 * comes meanwhile.
 *
 * The rule: bytes of the ring >= bytes of one record in it x events per second x longest stall. A connection has four events
 * (two per socket) when both of its ends are on this machine, two when one is.
 */

import { sizeOf } from '../src/decode/layout.js';
import { Scope } from '../test/support/scope.js';
import { Client } from './lib/client.js';
import { Place } from './lib/load.js';
import { type Lost, type Report, Subject } from './lib/service.js';
import { count, megabytes, table } from './lib/table.js';
import { pause } from './lib/wait.js';

const RATE = 20_000;
const STALL_MS = 500;
/** The kernel's own, before each record. */
const RING_HEADER = 8;

interface Outcome {
  stalls: number;
  /** conn/s that the generator came to. */
  came: number;
  report: Report;
  lost: Lost;
}

export async function stalls(quick: boolean): Promise<void> {
  const { report, lost, stalls, came } = await stallAgain(quick ? 2 : 6);
  const head = [
    'conn/s',
    'came',
    'stalls of 500 ms',
    'events',
    'longest wait in the ring ms',
    'lost',
    'missed',
  ];
  const waited = report.latency.max?.toFixed(0) ?? null;
  console.log(
    table(head, [
      [count(RATE), count(came), stalls, count(report.events), waited, lost.ring, lost.recursion],
    ]),
  );
  const bytes = (sizeOf('tcp_event') + RING_HEADER) * 4 * RATE * (STALL_MS / 1000);
  console.log(`\nThe rule asks for ${megabytes(bytes)} MiB at this rate, both ends here.`);
}

async function stallAgain(times: number): Promise<Outcome> {
  const scope = new Scope();
  try {
    const place = await Place.open(scope);
    const subject = await Subject.start(scope, { stallMs: STALL_MS });
    await Client.open(scope, subject.service.url);
    await place.client({ rate: RATE, spread: 8 });
    await pause(2000);
    await subject.report();
    const [began, opened] = [performance.now(), place.counter('Tcp.PassiveOpens')];
    for (let n = 0; n < times; n++) await stallOnce(subject);
    const came = ((place.counter('Tcp.PassiveOpens') - opened) / (performance.now() - began)) * 1000;
    return { stalls: times, came, report: await subject.report(), lost: await subject.lost() };
  } finally {
    await scope.end();
  }
}

async function stallOnce(subject: Subject): Promise<void> {
  subject.stall();
  await pause(STALL_MS * 2);
}
