/** Commands attached to a real HTTP server whose tables a test makes. */
import { afterEach } from 'vitest';
import { commandLine } from '../../../src/cli/command-line.js';
import type {
  BudgetRow,
  FailureRow,
  FindingRow,
  IncidentRow,
  TotalsRow,
  VerdictRow,
} from '../../../src/protocol/rows.js';
import type { Source } from '../../../src/protocol/source.js';
import { BACKENDS } from '../../../src/service/backends.js';
import { given, HEALTHY, served } from '../../support/served.js';
import { budget, flow, totals, verdict } from '../publish/rows.js';
import { Captured } from './io.js';

export interface World {
  totals?: TotalsRow[];
  failures?: FailureRow[];
  verdict?: VerdictRow;
  findings?: FindingRow[];
  incidents?: IncidentRow[];
  /** Columns of the terminal; absent: a pipe. */
  columns?: number;
  budgets?: BudgetRow[];
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function source(world: World): Source {
  const toward = { destination: { address: '10.0.0.9', port: 5432 } };
  return {
    tables: {
      totals: given(world.totals ?? [totals('1')]),
      flows: given([
        flow('a', { ...toward, openPerSec: 300, closePerSec: 300, closed: 900, closedFirst: 900 }),
      ]),
      budgets: given(world.budgets ?? [budget('b')]),
      failures: given(world.failures ?? []),
      findings: given(world.findings ?? []),
      incidents: given(world.incidents ?? []),
      verdict: given([world.verdict ?? verdict()]),
    },
    events: { listen: () => undefined },
    health: () => HEALTHY,
  };
}

/** Runs a command attached to a service with these tables. */
export async function run(world: World, ...words: string[]) {
  const server = await served(source(world));
  cleanups.push(() => server.stop());
  const io = new Captured({ NO_COLOR: '1' }, world.columns === undefined ? null : { columns: world.columns });
  const code = await commandLine([...words, '--connect', server.url], io, BACKENDS);
  return { code, out: io.stdout.text, err: io.stderr.text };
}
