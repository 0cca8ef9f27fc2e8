/** Failures and budgets of a watched namespace, as a client has them, and programs that fail on purpose. */
import type { RowOf } from '../../src/protocol/frames.js';
import type { BudgetRow, ConnectionEvent, FailureRow } from '../../src/protocol/rows.js';
import { churnClient, type Flags, type Generator } from './churngen.js';
import { start } from './process.js';
import type { Scope } from './scope.js';
import type { View, Watch } from './watch.js';

export const CALLS = ['block', 'nonblock', 'uring'] as const;

/**
 * An attempt that the kernel hides as a whole leaves nothing that could be counted (docs/decisions/hidden-tasks.md): then such a test runs
 * again, in another namespace.
 */
export const HIDDEN = { retry: 2 };

type Kept = 'failures' | 'budgets';
const kept = { failures: new WeakMap<Watch, unknown>(), budgets: new WeakMap<Watch, unknown>() };

/** Changes applied one after the other. */
function rowsOf<T extends Kept>({ watch, netns }: View, topic: T): RowOf<T>[] {
  const rows = (kept[topic].get(watch) ?? new Map()) as Map<string, RowOf<T>>;
  kept[topic].set(watch, rows);
  const changes = watch.engine.source.tables[topic]?.collect(Date.now());
  for (const key of changes?.del ?? []) rows.delete(key);
  for (const row of (changes?.set ?? []) as RowOf<T>[]) rows.set(row.key, row);
  return [...rows.values()].filter((row) => row.netns === netns.inode);
}

export const failures = (view: View): FailureRow[] => rowsOf(view, 'failures');
export const budgets = (view: View): BudgetRow[] => rowsOf(view, 'budgets');

export const counted = (view: View) => failures(view).reduce((sum, { count }) => sum + count, 0);

/**
 * Runs a client to its end and waits for as many failures as it had, or as it must have had: io_uring says 0 of an attempt that
 * an ICMP answer of this machine interrupts, though it never came to be a connection.
 */
export async function fail(scope: Scope, view: View, flags: Flags, atLeast = 0): Promise<Generator> {
  const before = counted(view);
  const client = await churnClient(scope, view.netns, flags);
  const { failed } = await client.done();
  await client.process.exited;
  await view.watch.until(() => counted(view) >= before + Math.max(failed, atLeast), `${failed} failures`);
  return client;
}

/**
 * Runs Python in the namespace, with the usual modules at hand, until it has printed "done". Then one more connection fails:
 * events come in order, so what the program caused has been told when that one has. Gives the pid and the events in between.
 */
export async function python(
  scope: Scope,
  view: View,
  code: string,
): Promise<{ pid: number; stdout: string; events: ConnectionEvent[] }> {
  const from = view.events('failed').length;
  const program = await start(scope, ['python3', '-u', '-c', `${PRELUDE}${code}\nprint("done")`], {
    netns: view.netns,
  });
  await program.printed(/^done$/m, 30_000);
  await program.exited;
  await fence(scope, view);
  const events = view.events('failed').slice(from, -1);
  return { pid: program.pid, stdout: program.stdout, events };
}

const FENCE = 65_000;

/** The last event so far is this one's. */
export async function fence(scope: Scope, view: View): Promise<void> {
  const passed = () => view.events('failed').filter(({ remote }) => remote.port === FENCE).length;
  const before = passed();
  await churnClient(scope, view.netns, { to: `127.0.0.1:${FENCE}`, count: 1 });
  await view.watch.until(() => passed() > before, 'the fence');
}

/** Python's usual modules, and `attempt`. */
export const PRELUDE = `import ctypes, errno, os, select, signal, socket, struct, sys, threading
TCP = (socket.AF_INET, socket.SOCK_STREAM)
def attempt(call):
    try:
        call()
    except OSError as error:
        print(errno.errorcode.get(error.errno, str(error)))
`;
