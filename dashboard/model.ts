/**
 * The page's signals: what the service said, how the link is, what the user chose. Enters: callbacks of the feed and
 * choices made in views. Leaves: signals that views read. The only module with page-wide state; started once by main.
 */

import { computed, signal } from '@preact/signals';
import type { Group } from '../src/protocol/frames.js';
import { STREAM_PATH } from '../src/protocol/names.js';
import { Feed } from './feed.js';
import { foreign } from './format.js';
import type { Link } from './link.js';
import type { Sort } from './order.js';
import { initial, type Wish } from './state.js';

/** Rows asked for at first, and once the user wants more: what one looks at, not what exists. */
export const FEW_ROWS = 200;
export const MANY_ROWS = 1_000;

export const state = signal(initial());
export const link = signal<Link>({ phase: 'connecting' });
/** Unix ms, once a second: ages and countdowns hang on it. */
export const now = signal(Date.now());

export const hello = computed(() => state.value.hello);
export const totals = computed(() => state.value.tables.totals);
export const flows = computed(() => state.value.tables.flows);
export const budgets = computed(() => state.value.tables.budgets);
export const failures = computed(() => state.value.tables.failures);
/** The one sentence; null until the service has said it. */
export const verdict = computed(() => state.value.tables.verdict.rows.get('verdict') ?? null);
/** What is wrong, the first to look at first. */
export const findings = computed(() =>
  [...state.value.tables.findings.rows.values()].sort((a, b) => a.rank - b.rank),
);
export const namespaces = computed(() => [...totals.value.rows.values()]);

/** What a namespace is called, where there are several; null: there is only one. */
export function placeOf(netns: number | null): string | null {
  if (namespaces.value.length < 2) return null;
  const place = namespaces.value.find((one) => one.netns === netns);
  return place === undefined ? null : foreign(place.name ?? `netns ${netns}`);
}

/** Text, so that what hangs on the ranges is drawn anew only when one of them changes. */
const rangeText = computed(() =>
  JSON.stringify(
    namespaces.value.map(({ netns, portRange }) => [netns, portRange && portRange[1] - portRange[0] + 1]),
  ),
);
/** Size of the local port range by the namespace's inode. */
export const portRanges = computed(
  () => new Map(JSON.parse(rangeText.value) as [number | null, number | null][]),
);

/** How the culprit table is looked at. */
export const filter = signal('');
export const group = signal<Group | null>(null);
export const sort = signal<Sort>({ column: 'portsHeld', descending: true });
export const limit = signal(FEW_ROWS);

/** The budgets that matter are the tightest, the failures that matter the fastest. Of few free ports some are no worry. */
const BUDGETS: Wish = { sort: 'free', limit: 24 };
const FAILURES: Wish = { sort: '-perSec', limit: 50 };
const FINDINGS: Wish = { sort: 'rank', limit: 50 };

const feed = new Feed({
  url: socketUrl(),
  healthUrl: new URL('healthz', document.baseURI).href,
  onState: (next) => {
    state.value = next;
  },
  onLink: (next) => {
    link.value = next;
    now.value = Date.now();
  },
});

function socketUrl(): string {
  const url = new URL(`.${STREAM_PATH}`, document.baseURI);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url.href;
}

export function start(): void {
  setInterval(() => {
    now.value = Date.now();
  }, 1_000);
  feed.want('budgets', BUDGETS);
  feed.want('failures', FAILURES);
  feed.want('findings', FINDINGS);
  askFlows();
  feed.start();
}

/** The service sorts too, because its limit cuts; the page sorts what it shows. */
function askFlows(): void {
  const { column, descending } = sort.value;
  const wish: Wish = { sort: `${descending ? '-' : ''}${column}`, limit: limit.value };
  if (filter.value.trim() !== '') wish.filter = filter.value.trim();
  if (group.value !== null) wish.group = group.value;
  feed.want('flows', wish);
}

export function setFilter(text: string): void {
  if (text === filter.value) return;
  filter.value = text;
  askFlows();
}

export function setGroup(next: Group | null): void {
  group.value = next;
  askFlows();
}

export function setSort(next: Sort): void {
  sort.value = next;
  askFlows();
}

export function showMore(): void {
  limit.value = MANY_ROWS;
  askFlows();
}
