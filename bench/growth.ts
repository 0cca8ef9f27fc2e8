/**
 * Ten million connections through one service: its memory must not grow with them. Only when asked for: it takes
 * minutes.
 */

import { say } from '../scripts/lib/run.js';
import { Scope } from '../test/support/scope.js';
import { Client } from './lib/client.js';
import { Place } from './lib/load.js';
import { Subject } from './lib/service.js';
import { type Cell, count, megabytes, table } from './lib/table.js';
import { until } from './lib/wait.js';

const MILLION = 1e6;
const SPREAD = 64;
const WITHIN_MS = 300_000;

export async function growth(quick: boolean): Promise<void> {
  const scope = new Scope();
  try {
    const place = await Place.open(scope);
    const subject = await Subject.start(scope);
    await Client.open(scope, subject.service.url);
    await place.client({ spread: SPREAD });
    const rows: Cell[][] = [];
    for (let n = 1; n <= (quick ? 2 : 10); n++) rows.push(await afterMillion(n, place, subject));
    console.log(table(['connections', 'RSS MiB', 'JS heap MiB', 'array buffers MiB', 'lost'], rows));
  } finally {
    await scope.end();
  }
}

async function afterMillion(n: number, place: Place, subject: Subject): Promise<Cell[]> {
  await until(() => place.counter('Tcp.PassiveOpens') >= n * MILLION, `${n} million connections`, WITHIN_MS);
  say(`bench: growth, ${n} million`);
  const { memory } = await subject.report();
  const { ring } = await subject.lost();
  const sizes = [memory.rss, memory.heapUsed, memory.arrayBuffers].map(megabytes);
  return [count(n * MILLION), ...sizes, ring];
}
