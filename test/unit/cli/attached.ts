/** Commands attached to a real HTTP server whose tables a test makes. */
import { pino } from 'pino';
import { afterEach } from 'vitest';
import { commandLine } from '../../../src/cli/command-line.js';
import type { BudgetRow, FailureRow, FindingRow, TotalsRow, VerdictRow } from '../../../src/protocol/rows.js';
import type { Source, TableSource } from '../../../src/protocol/source.js';
import { startServer } from '../../../src/publish/server.js';
import { BACKENDS } from '../../../src/service/backends.js';
import { budget, flow, totals, verdict } from '../publish/rows.js';
import { Captured } from './io.js';

export interface World {
  totals?: TotalsRow[];
  failures?: FailureRow[];
  verdict?: VerdictRow;
  findings?: FindingRow[];
  budgets?: BudgetRow[];
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Gives its rows once. */
function table(rows: object[]) {
  return { collect: () => ({ set: rows.splice(0), del: [] }) } as unknown as TableSource<never>;
}

function source(world: World): Source {
  const toward = { destination: { address: '10.0.0.9', port: 5432 } };
  return {
    tables: {
      totals: table(world.totals ?? [totals('1')]),
      flows: table([
        flow('a', { ...toward, openPerSec: 300, closePerSec: 300, closed: 900, closedFirst: 900 }),
      ]),
      budgets: table(world.budgets ?? [budget('b')]),
      failures: table(world.failures ?? []),
      findings: table(world.findings ?? []),
      verdict: table([world.verdict ?? verdict()]),
    },
    events: { listen: () => undefined },
    health: () => ({
      status: 'ok',
      mode: 'ebpf',
      verdictPath: 'ehash',
      hooks: [],
      limits: [],
      lost: { ring: 0, recursion: 0 },
      coverage: 1,
      auditAgeMs: 5,
      problems: [],
    }),
  };
}

/** Runs a command attached to a service with these tables. */
export async function run(world: World, ...words: string[]) {
  const server = await startServer({
    listen: { host: '127.0.0.1', port: 0 },
    source: source(world),
    intervalMs: 50,
    version: '0.0.0',
    host: 'test',
    kernel: '6.18',
    allowHosts: [],
    allowOrigins: [],
    dashboardDir: '/nonexistent',
    log: pino({ level: 'silent' }),
  });
  cleanups.push(() => server.stop());
  const io = new Captured();
  const code = await commandLine([...words, '--connect', server.url], io, BACKENDS);
  return { code, out: io.stdout.text, err: io.stderr.text };
}
