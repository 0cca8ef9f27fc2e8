/**
 * The wall clock is set while connections churn. A shared machine's clock cannot be, so this process reads it as set: the
 * engine asks nobody else for the wall clock, and the kernel's events, timers and CLOCK_MONOTONIC are the real ones.
 */
import { afterEach, expect, it, vi } from 'vitest';
import type { BudgetRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { KEPT, Netns } from '../support/netns.js';
import { testScope } from '../support/scope.js';
import { Watch } from '../support/watch.js';

const COUNT = 300;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

afterEach(() => void vi.restoreAllMocks());

it.each([DAY_MS, -DAY_MS])(
  'set by %i ms it moves no count, rate or forecast, but the times that are told',
  async (step) => {
    const scope = testScope();
    const netns = Netns.create(scope, KEPT);
    const watch = await Watch.start(scope, [netns]);
    await churnServer(scope, netns, ['127.0.0.1:9000']);
    const out = () => watch.flows().find(({ direction }) => direction === 'out');
    const churn = async (closed: number) => {
      await (await churnClient(scope, netns, { to: '127.0.0.1:9000', count: COUNT, stay: true })).done();
      const both = () => watch.flows().reduce((sum, row) => sum + (row.closed ?? 0), 0);
      await watch.until(() => both() === 2 * closed, 'every close, at both ends');
    };
    const audited = (timeWait: number) =>
      watch.until(() => {
        const row = watch.totals(netns);
        return row?.timeWait === timeWait && (row.auditAgeMs ?? MINUTE_MS) < 1000 && row;
      }, 'an audit');
    const budget = () => {
      const rows = watch.engine.source.tables.budgets?.collect(Date.now()).set ?? [];
      return rows.find(({ kind, netns: inode }) => kind === 'tuple' && inode === netns.inode) as BudgetRow;
    };
    await churn(COUNT);
    await audited(COUNT);

    const real = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => real.call(Date) + step);
    const { releasing, exhaustionSeconds, ...held } = budget();
    expect(held).toMatchObject({ timeWait: COUNT, used: COUNT });
    expect(exhaustionSeconds ?? 1).toBeGreaterThan(0);
    for (const [inSeconds] of releasing ?? []) expect(Math.abs(inSeconds - 60)).toBeLessThan(20);
    expect((releasing ?? []).reduce((sum, [, ports]) => sum + ports, 0)).toBe(COUNT);
    const row = watch.totals(netns);
    expect(row).toMatchObject({ timeWait: COUNT, coverage: 1, opened: 2 * COUNT, closed: 2 * COUNT });
    expect(row?.auditAgeMs).toBeLessThan(MINUTE_MS);

    await churn(2 * COUNT);
    const { openPerSec } = (await audited(2 * COUNT)) ?? {};
    expect(openPerSec).toBeGreaterThan(0);
    expect(openPerSec).toBeLessThanOrEqual(4 * COUNT);
    const last = Math.max(
      ...watch
        .flows()
        .map(({ lastSeen }) => lastSeen ?? 0)
        .filter((ms) => ms < Date.now() + MINUTE_MS),
    );
    expect(Math.abs(Date.now() - last)).toBeLessThan(MINUTE_MS);
    expect(out()?.openPerSec).toBeGreaterThanOrEqual(0);
  },
);
