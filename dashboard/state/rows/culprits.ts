/**
 * The rows of the culprit table. Its limit cuts by the most ports, and a machine has thousands of rows whose many ports harm nobody: while
 * the table is ordered by blame, flows that fail and those toward endangered budgets are asked for besides. In: flows, budgets, what the
 * user chose. Out: rows, their budgets, their last minute.
 */
import { computed, effect, signal } from '@preact/signals';
import { byTightness, level } from '../../../src/forecast/outlook.js';
import type { BudgetRow, FlowRow } from '../../../src/protocol/rows.js';
import { Sparks } from '../../../src/view/spark.js';
import { budgets, filter, flows, group, paused, sides, sort, state, word } from '../model.js';
import { BLAME } from '../place.js';
import { scoped } from '../scope.js';
import { inTurn } from '../turns.js';

/** Endangered budgets whose flows are asked for, and flows of each. */
const MOST_BUDGETS = 6;
const MOST_FLOWS = 5;
const MOST_FAILING = 30;

type Rows = ReadonlyMap<string, FlowRow>;

const isByBlame = computed(
  () => sort.value.column === BLAME && group.value === null && filter.value.trim() === '',
);

/** By the filter that they were asked for with. */
const besides = signal<ReadonlyMap<string, Rows>>(new Map());

export const culprits = computed<Rows>(() => {
  const { rows } = flows.value;
  if (!isByBlame.value || besides.value.size === 0) return rows;
  return new Map([...[...besides.value.values()].flatMap((more) => [...more]), ...rows]);
});

/** Text, so that nothing is asked for anew while the same budgets are in danger. */
const wanted = computed(() => {
  if (!isByBlame.value) return '';
  const endangered = [...budgets.value.rows.values()]
    .filter((row) => row.kind === 'tuple' && level(row) !== 'fine')
    .sort(byTightness)
    .slice(0, MOST_BUDGETS);
  return [scoped('failPerSec:>0', word.value), ...new Set(endangered.map(filterOf).sort())].join('\n');
});

const filterOf = ({ netnsId, destination: { address, port } }: BudgetRow) =>
  `dir:out netnsId:${netnsId} dst:${address?.includes(':') ? `[${address}]` : address}:${port}`;

const asked = new Map<string, () => void>();

function ask(filters: readonly string[]): void {
  for (const [text, end] of asked)
    if (!filters.includes(text)) {
      end();
      asked.delete(text);
      forget(text);
    }
  for (const text of filters) if (!asked.has(text)) asked.set(text, subscribe(text));
}

function subscribe(text: string): () => void {
  const isFailing = text.startsWith('failPerSec');
  const query = isFailing
    ? { sort: '-failPerSec', limit: MOST_FAILING }
    : { sort: '-portsHeld', limit: MOST_FLOWS };
  return sides.table({ topic: 'flows', filter: text, ...query }, (rows) => {
    fresh.set(text, rows);
    inTurn(fresh, take);
  });
}

/** What has come since the last drawing: each answer is a frame of its own, and the table is drawn once for all. */
const fresh = new Map<string, Rows>();

function take(): void {
  if (paused.peek() !== null) return;
  const wanted = [...fresh].filter(([text]) => asked.has(text));
  fresh.clear();
  besides.value = new Map([...besides.peek(), ...wanted]);
}

function forget(text: string): void {
  const next = new Map(besides.peek());
  next.delete(text);
  besides.value = next;
}

const sparks = new Sparks();
/** Counts up when the last minutes have a new second. */
const turn = signal(0);

/** Ports held, second by second. */
export function lastMinuteOf(key: string) {
  turn.value; // It is read to be told of the next second.
  return sparks.of(key);
}

function nextSecond(): void {
  turn.value = turn.peek() + 1;
}

export function startCulprits(): void {
  effect(() => ask(wanted.value === '' ? [] : wanted.value.split('\n')));
  effect(() => {
    const { time } = state.value;
    if (time === null) return;
    const held = [...culprits.value.values()].map(({ key, portsHeld }) => [key, portsHeld] as const);
    if (sparks.look(held, time)) inTurn(sparks, nextSecond);
  });
}
