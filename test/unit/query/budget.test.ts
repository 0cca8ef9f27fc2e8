/** What subscriptions cost is paid by whoever asks for them: one who asks for too much waits, and others do not notice. */
import { describe, expect, it } from 'vitest';
import { checkBudgets, clientBudget, openingBudget } from '../../../src/publish/stream/budget.js';
import { Channel } from '../../../src/publish/stream/channel.js';
import { Allowance } from '../../../src/query/cost/allowance.js';
import { Payers } from '../../../src/query/cost/payers.js';
import { parseFilter } from '../../../src/query/filter/parse.js';
import { Tables } from '../../../src/query/tables.js';
import { ENDED, ENDLESS } from '../../../src/query/turn.js';
import { event, flow } from '../publish/rows.js';
import { MemorySource } from '../publish/world.js';

describe('an allowance', () => {
  it('is for a second, some of it at once, and what was taken too much is paid back first', () => {
    const allowance = new Allowance(1000, 2);
    expect(allowance.has(0)).toBe(true);
    allowance.spend(2000);
    expect(allowance.has(0)).toBe(false);
    allowance.spend(500);
    expect(allowance.has(500)).toBe(false);
    expect(allowance.has(501)).toBe(true);
    expect(allowance.has(1_000_000)).toBe(true);
    allowance.spend(1999);
    expect(allowance.has(1_000_000)).toBe(true);
    allowance.spend(1);
    expect(allowance.has(1_000_000)).toBe(false);
  });
});

describe('a further subscription', () => {
  const code = (attempt: () => void) => {
    try {
      attempt();
      return null;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('is refused to a client in debt, until it has paid, and to all while too much is read', () => {
    const [own, opening] = [clientBudget(), openingBudget()];
    expect(code(() => checkBudgets(own, opening, 0))).toBeNull();
    own.views.spend(200_000_000);
    expect(code(() => checkBudgets(own, opening, 0))).toBe('TOO_EXPENSIVE');
    expect(code(() => checkBudgets(clientBudget(), opening, 0))).toBeNull();
    expect(code(() => checkBudgets(own, opening, 10_000))).toBeNull();
    own.events.spend(10_000_000);
    expect(code(() => checkBudgets(own, opening, 10_000))).toBe('TOO_EXPENSIVE');
    opening.spend(20_000_000);
    expect(code(() => checkBudgets(clientBudget(), opening, 10_000))).toBe('TOO_EXPENSIVE');
  });
});

describe('work that several ask for', () => {
  it('is paid by each of them, and done as long as one can pay', () => {
    const payers = new Payers();
    const [poor, rich] = [new Allowance(100, 1), new Allowance(10_000, 1)];
    expect(payers.has(0)).toBe(false);
    payers.join(poor);
    payers.join(poor);
    payers.join(rich);
    payers.spend(100);
    expect([poor.has(0), rich.has(0), payers.has(0)]).toEqual([false, true, true]);
    payers.leave(rich);
    expect(payers.has(0)).toBe(false);
    payers.leave(poor);
    payers.join(null);
    expect(payers.has(0)).toBe(true);
  });
});

describe('views', () => {
  const ROWS = 2000;
  function world() {
    const source = new MemorySource();
    const put = () => source.flows.put(...Array.from({ length: ROWS }, (_, at) => flow(`f${at}`)));
    put();
    const tables = new Tables(source);
    tables.collect(1);
    return { tables, put };
  }

  it('of a client who cannot pay wait, those of others go on, and in the end his are given up', () => {
    const { tables, put } = world();
    const [greedy, modest] = [new Allowance(1, 1), new Allowance(100_000_000, 10)];
    const his = tables.acquire('flows', { group: 'program' }, ENDLESS, greedy);
    const other = tables.acquire('flows', { filter: 'ab' }, ENDLESS, modest);
    expect(his.cost).toBeGreaterThan(ROWS * 100);
    let ticks = 0;
    for (; his.fault === null && ticks < 100; ticks++) {
      put();
      tables.collect(2 + ticks);
      expect(other.tick?.seq).toBe(2 + ticks);
    }
    expect(his.fault).toMatchObject({ code: 'TOO_EXPENSIVE' });
    expect(ticks).toBeGreaterThan(50);
    expect(tables.isCurrent).toBe(true);
  });

  it('that another one asks for too are made for both', () => {
    const { tables, put } = world();
    const poor = new Allowance(1, 1);
    const shared = tables.acquire('flows', {}, ENDLESS, poor);
    put();
    tables.collect(2);
    expect(shared.tick?.seq).toBe(1);
    expect(tables.acquire('flows', {}, ENDLESS, new Allowance(100_000_000, 10))).toBe(shared);
    put();
    tables.collect(3);
    expect(shared.tick?.seq).toBe(3);
    tables.release(shared, poor);
    expect(tables.views).toBe(1);
  });

  it('are not begun where nothing is to be done now', () => {
    const { tables } = world();
    const view = tables.acquire('flows', {}, ENDED);
    expect([view.tick, view.isCurrent, view.cost]).toEqual([null, false, 0]);
    tables.proceed(ENDLESS);
    expect(view.total).toBe(ROWS);
  });
});

describe('events', () => {
  const events = Array.from({ length: 2000 }, () => event());
  const TEXT = 'process:/(a|b|ab){40}$/';
  const ample = () => new Allowance(1e12, 1);

  it('for which their listeners cannot pay count as dropped, and those of others are all there', () => {
    const [poor, rich] = [new Channel(parseFilter(TEXT)), new Channel(parseFilter('pid:>0'))];
    const shared = ample();
    poor.payers.join(new Allowance(100_000, 0.1));
    rich.payers.join(ample());
    const told = [poor, rich].map((channel) => {
      const from = channel.position;
      channel.take(events, 0, shared);
      const text = channel.tail(from, { seq: 1, time: 1 }).text.whole;
      return JSON.parse(`{${text}`) as { events: unknown[]; dropped: number };
    });
    expect(told[0]?.dropped).toBeGreaterThan(1000);
    expect([told[1]?.events.length, told[1]?.dropped]).toEqual([2000, 0]);
  });

  it('beyond what all filters together may take count as dropped for each of them', () => {
    const shared = new Allowance(100_000, 0.1);
    const channel = new Channel(parseFilter(TEXT));
    channel.payers.join(ample());
    const from = channel.position;
    channel.take(events, 3, shared);
    const { dropped } = JSON.parse(`{${channel.tail(from, { seq: 1, time: 1 }).text.whole}`);
    expect(dropped).toBeGreaterThan(1000 + 3);
    expect(shared.has(0)).toBe(false);
  });
});
