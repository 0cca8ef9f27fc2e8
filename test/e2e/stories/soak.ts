/**
 * Programs that are configured well, all at once, and a browser: nobody is told to act, at no time. The load tier has it go on
 * for a minute, `npm run soak` for as long as you want.
 */
import { expect } from 'vitest';
import type { FindingRow, VerdictRow } from '../../../src/protocol/rows.js';
import { openPage } from '../../support/browser.js';
import { program } from '../../support/misconfigured.js';
import { Netns } from '../../support/netns.js';
import { start } from '../../support/process.js';
import { nginx, pgbenchWords, postgres, redis } from '../../support/programs.js';
import { type Scope, testScope } from '../../support/scope.js';
import { type Service, startService } from '../../support/service.js';
import { unitMemory } from '../../support/unit.js';

const ADDRESS = '127.0.0.1';
const RELOAD_MS = 2000;
const SAMPLE_MS = 5000;
/** It lives where the service does, and whatever else runs on this machine. */
const isBrowser = ({ process }: FindingRow) => /chrom/.test(process.exe ?? '');

/** Each keeps its connections, or opens few. */
async function traffic(scope: Scope, netns: Netns, soakMs: number): Promise<void> {
  const database = await postgres(scope, netns);
  await redis(scope, netns);
  await program(scope, netns, 'server.mjs', ADDRESS, 8080);
  await nginx(scope, netns, { port: 8081, upstream: 8080, workers: 2, keepAlive: true });
  const long = String(Math.ceil(soakMs / 1000) + 60);
  const words: string[][] = [
    pgbenchWords(database, '-S', '-n', '-c', '5', '-T', long, '-R', '100'),
    ['redis-cli', 'subscribe', 'news'],
    ['sh', '-c', `while sleep 1; do curl -s -o /dev/null http://${ADDRESS}:8080/health; done`],
    ['sh', '-c', 'while sleep 5; do redis-benchmark -c 5 -n 500 -q > /dev/null; done'],
  ];
  for (const one of words) await start(scope, one, { netns });
  for (const name of ['one-agent.mjs', 'one-client.py']) await program(scope, netns, name, ADDRESS, 8080);
  await program(scope, netns, 'one-agent.mjs', ADDRESS, 8081);
  await program(scope, netns, 'never-first.mjs', ADDRESS, 8082);
  await program(scope, netns, 'holds.py', ADDRESS, 8082);
}

/** Resident memory of the service over time, bytes. */
function memoryCurve(scope: Scope, service: Service): number[] {
  const curve: number[] = [];
  const timer = setInterval(() => curve.push(service.memory()), SAMPLE_MS);
  scope.use({ end: () => clearInterval(timer) });
  return curve;
}

/** Twenty points of it are printed. V8 lets garbage grow as long as it may, so a slope says little: docs/reliability.md. */
function expectBounded(curve: readonly number[]): void {
  const step = Math.max(1, Math.floor(curve.length / 20));
  const points = curve.filter((_, i) => i % step === 0).map((bytes) => Math.round(bytes / 2 ** 20));
  console.log(`memory, MiB: ${points.join(' ')}`);
  expect(Math.max(...curve)).toBeLessThan(unitMemory() / 2);
}

export async function soak(soakMs: number): Promise<void> {
  const scope = testScope();
  const netns = Netns.create(scope);
  const service = await startService(scope);
  const curve = memoryCurve(scope, service);
  const stream = await service.stream(scope);
  const findings = stream.subscribe('findings', { filter: '!severity:info' });
  await traffic(scope, netns, soakMs);
  const { page, problems } = await openPage(scope, service.url);
  const reload = setInterval(() => void page.reload().catch(() => {}), RELOAD_MS);
  scope.use({ end: () => clearInterval(reload) });

  const told = new Map<string, FindingRow>();
  const end = performance.now() + soakMs;
  await findings.until((rows) => {
    for (const row of rows) if (row.netns === netns.inode || isBrowser(row)) told.set(row.key, row);
    return performance.now() > end;
  }, soakMs + 30_000);
  expect([...told.values()]).toEqual([]);
  const { rows } = await service.snapshot('flows', { filter: `netns:${netns.inode} dir:out` });
  expect(rows.length).toBeGreaterThan(5);
  const verdict = (await service.snapshot('verdict')).rows[0] as VerdictRow;
  const budgets = await service.snapshot('budgets', { filter: `netns:${netns.inode}` });
  const isOurs = budgets.rows.some(({ key }) => key === verdict.budget); // the verdict is that of the whole machine
  expect(isOurs ? verdict.level : 'ok').toBe('ok');
  expect(problems).toEqual([]);
  expectBounded(curve);
}
