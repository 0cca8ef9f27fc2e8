/**
 * What the service costs as one thing grows while the rest stays: TIME_WAIT entries, flows, processes, namespaces,
 * clients. Each series has a service of its own; its steps ascend, so that memory is what the step itself needed.
 */

import { say } from '../scripts/lib/run.js';
import { Scope } from '../test/support/scope.js';
import { Client } from './lib/client.js';
import { cpuShare } from './lib/cpu.js';
import { SERIES, type Series } from './lib/series.js';
import { Subject } from './lib/service.js';
import { type Cell, count, megabytes, percent, table } from './lib/table.js';
import { pause } from './lib/wait.js';

const SETTLE_MS = 1500;
const HEAD = ['', 'CPU of one core', 'RSS MiB', 'loop delay p99 / max ms', 'largest frame KiB', 'lost'];

export async function scale(quick: boolean): Promise<void> {
  for (const series of SERIES) {
    const rows = await climb(series, quick);
    console.log(`${series.title}\n\n${table(HEAD, rows)}\n`);
  }
}

async function climb(series: Series, quick: boolean): Promise<Cell[][]> {
  const scope = new Scope();
  const rows: Cell[][] = [];
  try {
    const subject = await Subject.start(scope, { loop: true });
    const client = await Client.open(scope, subject.service.url);
    const step = await series.begin(scope, subject);
    for (const size of quick ? series.sizes.slice(0, -1) : series.sizes) {
      say(`bench: scale, ${series.title}: ${size}`);
      const release = await step(size);
      rows.push([count(size), ...(await measure(subject, client, quick ? 3000 : 6000))]);
      await release();
    }
  } finally {
    await scope.end();
  }
  return rows;
}

async function measure(subject: Subject, client: Client, ms: number): Promise<Cell[]> {
  await pause(SETTLE_MS);
  await subject.report();
  client.reset();
  const busy = await cpuShare(subject.pid, ms);
  const { delay, memory } = await subject.report();
  const { ring, recursion } = await subject.lost();
  const delays = delay && `${delay.p99.toFixed(1)} / ${delay.max.toFixed(1)}`;
  return [percent(busy), megabytes(memory.rss), delays, (client.largest / 1024).toFixed(1), ring + recursion];
}
