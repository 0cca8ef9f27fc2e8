/**
 * Many curl processes from a shell script, each alive for some milliseconds: every one is counted, and together they are one
 * program. Called by the tiers e2e and load with numbers of their own.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { FlowRow } from '../../../src/protocol/rows.js';
import { counting } from '../../support/counters.js';
import { Netns } from '../../support/netns.js';
import { must } from '../../support/process.js';
import { nginx } from '../../support/programs.js';
import { testScope } from '../../support/scope.js';
import { startService } from '../../support/service.js';

const LOOPS = 4;
export const MS_PER_CURL = 20;
const MEBIBYTE = 1 << 20;

const STORM = `#!/bin/sh
loop() { i=0; while [ $i -lt $1 ]; do curl -s -o /dev/null http://127.0.0.1:8080/; i=$((i+1)); done; }
for n in $(seq ${LOOPS}); do loop $(($1 / ${LOOPS})) & done; wait
`;

const opened = (rows: FlowRow[]) => rows.reduce((total, row) => total + (row.opened ?? 0), 0);

export async function countCurls(count: number): Promise<void> {
  const scope = testScope();
  const netns = Netns.create(scope, { 'net.ipv4.ip_local_port_range': '1024 65535' });
  await nginx(scope, netns, { workers: 1 });
  const script = join(scope.directory(), 'storm.sh');
  writeFileSync(script, STORM);
  chmodSync(script, 0o755);
  const service = await startService(scope);
  const stream = await service.stream(scope);
  const filter = `netns:${netns.inode}`;
  const programs = stream.subscribe('flows', { filter, group: 'program' });
  const flows = stream.subscribe('flows', { filter, limit: 5000 });
  const before = service.memory();
  const grown = counting(netns);
  await must([script, String(count)], { netns, withinMs: count * MS_PER_CURL + 30_000 });
  const attempts = grown('Tcp.ActiveOpens');
  expect(attempts).toBe(count);
  const isCurl = (row: FlowRow) => row.program?.startsWith('curl') ?? false;
  const rows = await programs.until((all) => opened(all.filter(isCurl)) >= count && all.filter(isCurl));
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ opened: count, process: { comm: 'curl' } });
  expect(rows[0]?.lowerBound && (await service.missedCloses()) === 0).toBe(false);
  expect(rows[0]?.program).toMatch(/^curl .*storm\.sh/);
  expect(rows[0]?.process.exe).toMatch(/\/curl$/);
  const single = await flows.until(
    (all) => opened(all.filter((row) => row.direction === 'out')) >= count && all,
  );
  expect(opened(single.filter((row) => row.direction === 'out'))).toBe(count);
  expect(single.every((row) => row.program !== null)).toBe(true);
  expect(service.memory()).toBeLessThan(Math.max(200 * MEBIBYTE, before + 100 * MEBIBYTE));
}
