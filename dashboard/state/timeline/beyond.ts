/**
 * The budgets that the timeline may show: the tightest, which the page has anyway, and the one shown, also where the table's limit has cut it
 * off. Of a thousand alike another two dozen are the tightest each second. In: budgets, what is shown. Out: rows.
 */
import { computed, effect, signal } from '@preact/signals';
import type { BudgetRow } from '../../../src/protocol/rows.js';
import { budgets, paused, sides } from '../model.js';
import { filterOfKey } from './choice.js';
import { shown } from './spot.js';

type Rows = ReadonlyMap<string, BudgetRow>;

const beside = signal<Rows>(new Map());

export const known = computed<Rows>(() => {
  const { rows } = budgets.value;
  return beside.value.size === 0 ? rows : new Map([...beside.value, ...rows]);
});

/** Null: the table has all there are, or the totals are shown. */
const wanted = computed(() => {
  const { rows, total } = budgets.value;
  return shown.value === null || total <= rows.size ? null : filterOfKey(shown.value);
});

export function startBeyond(): void {
  effect(() => {
    const filter = wanted.value;
    if (filter === null) return;
    const end = sides.table({ topic: 'budgets', filter, limit: 1 }, (rows) => {
      if (paused.peek() === null) beside.value = rows;
    });
    return () => {
      end();
      beside.value = new Map();
    };
  });
}
