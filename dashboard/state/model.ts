/**
 * The page's signals: what the service said, how the link is, what the user chose. In: callbacks of the link and choices
 * made in views. Out: signals that views read. Page-wide state is here and in the modules beside this one only.
 */

import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { HttpClient } from '../../src/client/http.js';
import type { Link } from '../../src/client/link.js';
import { initial, type Replica } from '../../src/client/replica.js';
import { Subscriptions } from '../../src/client/subscriptions.js';
import type { Group } from '../../src/protocol/frames.js';
import { GROUPS } from '../../src/protocol/names.js';
import type { TableQuery } from '../../src/protocol/table-query.js';
import { namespaceName } from '../../src/view/names.js';
import type { Sort } from '../../src/view/order.js';
import { scopedVerdict } from '../../src/view/scoped-verdict.js';
import { foreign } from '../text/format.js';
import { Feed } from './feed.js';
import type { Pause } from './pause.js';
import { BLAME, type Place, placeOf, queryOf, sortText } from './place.js';
import { found, scoped, scopeWord } from './scope.js';
import { Steps } from './steps.js';
import { choice, linked, netns, zoom } from './timeline/spot.js';
import { inTurn } from './turns.js';

/** Rows requested at first, and once the user wants more: as many as a person reads, not as many as exist. */
export const FEW_ROWS = 100;
export const MANY_ROWS = 1_000;

export const state = signal(initial());
export const link = signal<Link>({ phase: 'connecting' });
/** Unix ms, once a second: ages and countdowns depend on it. */
export const now = signal(Date.now());

/** During a pause tables, diagnosis and order stand still; strip, verdict and title do not. */
export const paused = signal<Pause | null>(null);
const shown = computed(() => paused.value?.state ?? state.value);

export const hello = computed(() => state.value.hello);
export const totals = computed(() => shown.value.tables.totals);
export const flows = computed(() => shown.value.tables.flows);
export const budgets = computed(() => shown.value.tables.budgets);
export const failures = computed(() => shown.value.tables.failures);
/** The one sentence; null until the service has said it. */
export const machineVerdict = computed(() => state.value.tables.verdict.rows.get('verdict') ?? null);
/** The same about the namespace that the page is about: the service's own sentence is about the whole machine. */
export const verdict = computed(() => {
  const { tables, time } = state.value;
  if (netns.value === null || time === null) return machineVerdict.value;
  const { budgets, failures, findings, incidents } = tables;
  if (budgets.shown === null || failures.shown === null || findings.shown === null) return null;
  const rows = {
    budgets: [...budgets.rows.values()],
    failures: [...failures.rows.values()],
    findings: [...findings.rows.values()],
    incidents: [...incidents.rows.values()],
  };
  return scopedVerdict(rows, time);
});
export const incidents = computed(() => shown.value.tables.incidents.rows);
/** What is wrong, in the order in which to act. */
export const findings = computed(() =>
  [...shown.value.tables.findings.rows.values()].sort((a, b) => a.rank - b.rank),
);
export const namespaces = computed(() => [...state.value.tables.totals.rows.values()]);

/** What a namespace is called, where there are several; null: there is only one. */
export function netnsWords(netnsId: string | null): string | null {
  if (namespaces.value.length < 2) return null;
  const place = namespaces.value.find((one) => one.netnsId === netnsId);
  return place === undefined ? null : foreign(namespaceName(place));
}

/** Filter, grouping, sort and open row of the culprit table, as the address says. */
const opened = placeOf(location.search);
export const filter = signal(opened.filter);
export const group = signal(opened.group);
export const sort = signal(opened.sort);
/** Key of the row whose drawer is open; of the incident, or ALL. At most one of them is. */
export const selected = signal(opened.row);
export const inspected = signal(opened.incident);
export const limit = signal(FEW_ROWS);
/** The user froze the order; values go on changing. */
export const frozen = signal(false);

/** The tightest budgets and the fastest failures matter. Some with few free ports are no worry, so more are requested. */
const BUDGETS: TableQuery = { sort: 'free', limit: 24 };
const FAILURES: TableQuery = { sort: '-perSec', limit: 50 };
const MOST_PORTS: Sort = { column: 'portsHeld', descending: true };
const FINDINGS: TableQuery = { sort: 'rank', limit: 50 };

/** What the drawer subscribes to, for as long as it is open. */
export const sides = new Subscriptions('side', (frame) => feed.send(frame));

/** The tables of one publish tick come in several frames and are drawn in several, so that none makes the page stumble. A hidden page has no animation frames. */
const arrived: { state?: Replica; link?: Link } = {};
const steps = new Steps();
function arrive(what: typeof arrived): void {
  Object.assign(arrived, what);
  if (document.hidden) show();
  else inTurn(arrived, drawNext);
}

function drawNext(): void {
  const { tables, hello } = state.value;
  const next = arrived.state;
  const topic = steps.next((topic) => next?.hello === hello && next.tables[topic] !== tables[topic]);
  if (next === undefined || topic === null) show();
  else {
    state.value = { ...state.value, tables: { ...tables, [topic]: next.tables[topic] } };
    inTurn(arrived, drawNext);
  }
}

function show(): void {
  batch(() => {
    state.value = arrived.state ?? state.value;
    if (arrived.link !== undefined && arrived.link.phase !== link.value.phase) now.value = Date.now();
    link.value = arrived.link ?? link.value;
  });
  delete arrived.state;
  delete arrived.link;
}
document.addEventListener('visibilitychange', show);

/** The service that the page came from: its HTTP half. The session's cookie goes along by itself. */
export const service = new HttpClient({ url: document.baseURI, token: null });

const feed: Feed = new Feed({
  url: document.baseURI,
  onState: (next) => arrive({ state: next }),
  onFrame: (frame) => sides.receive(frame),
  onLink: (next) => arrive({ link: next }),
});

export function start(): void {
  setInterval(() => {
    now.value = Date.now();
  }, 1_000);
  effect(ask);
  feed.start();
}

/** Columns that the service does not have. */
const OWN_COLUMNS: ReadonlySet<string> = new Set([BLAME, 'runsOut', 'lastMinute']);

/** As a word of the service's filters: what the page shows is of one namespace, or of all. */
export const word = computed(() => scopeWord(netns.value, namespaces.value));
/** Undefined: the whole machine, or there is no such namespace. */
export const scope = computed(() =>
  netns.value === null ? undefined : found(netns.value, namespaces.value),
);
export { netns } from './timeline/spot.js';

/** All tables but the namespaces themselves. Again whenever the word changes. */
function ask(): void {
  const within = word.value === '' ? {} : { filter: word.value };
  feed.setQuery('budgets', { ...BUDGETS, ...within });
  feed.setQuery('failures', { ...FAILURES, ...within });
  feed.setQuery('findings', { ...FINDINGS, ...within });
  feed.setQuery('incidents', within);
  untracked(askFlows);
}

/** The whole page is about this namespace from now on; null: about the machine. */
export function enter(next: string | null): void {
  batch(() => {
    paused.value = null;
    [selected.value, inspected.value] = [null, null];
    [choice.value, zoom.value] = ['tightest', null];
    netns.value = next;
  });
  remember(false);
}

/** The service sorts too, because its limit cuts; the page sorts what it shows. */
function askFlows(): void {
  const by = OWN_COLUMNS.has(sort.value.column) ? MOST_PORTS : sort.value;
  const query: TableQuery = { sort: sortText(by), limit: limit.value };
  const wanted = scoped(filter.value, word.peek());
  if (wanted !== '') query.filter = wanted;
  if (group.value !== null) query.group = group.value;
  feed.setQuery('flows', query);
}

const place = (): Place => ({
  filter: filter.value,
  group: group.value,
  sort: sort.value,
  row: selected.value,
  incident: inspected.value,
  netns: netns.value,
  budget: linked(),
  zoom: zoom.value,
});

/** A step that Back undoes. What is typed into the filter is one step, however many letters it has. */
let typing = false;
export function remember(isTyping: boolean): void {
  const query = queryOf(place());
  if (query === location.search) return;
  const address = `${location.pathname}${query}${location.hash}`;
  if (isTyping && typing) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  typing = isTyping;
}

/** Back, forward, or an address typed by hand. */
function revisit(): void {
  const { row, incident, ...at } = placeOf(location.search);
  typing = false;
  batch(() => {
    paused.value = null;
    [filter.value, group.value, sort.value] = [at.filter, at.group, at.sort];
    [selected.value, inspected.value] = [row, incident];
    [choice.value, zoom.value, netns.value] = [at.budget, at.zoom, at.netns];
  });
  askFlows();
}
addEventListener('popstate', revisit);

/** Other rows are wanted: a pause has none of them, so it ends. */
export function setFilter(text: string): void {
  if (text === filter.value) return;
  paused.value = null;
  filter.value = text;
  remember(true);
  askFlows();
}

/** A group's row is another thing than a flow's: none stays open. */
export function setGroup(next: Group | null): void {
  batch(() => {
    paused.value = null;
    [selected.value, inspected.value] = [null, null];
    group.value = next;
  });
  remember(false);
  askFlows();
}

export function nextGroup(): void {
  const all = [null, ...GROUPS];
  setGroup(all[(all.indexOf(group.value) + 1) % all.length] ?? null);
}

/** The flows behind a group's row. */
export function showFlows(text: string): void {
  batch(() => {
    filter.value = text;
    setGroup(null);
  });
}

export function setSort(next: Sort): void {
  sort.value = next;
  remember(false);
  askFlows();
}

/** Opens a row's drawer, or with null closes it. */
export function select(key: string | null): void {
  batch(() => {
    [selected.value, inspected.value] = [key, null];
  });
  remember(false);
}

/** Opens an incident's drawer, or with ALL the list of all; with null closes it. */
export function inspect(key: string | null): void {
  batch(() => {
    [selected.value, inspected.value] = [null, key];
  });
  remember(false);
}

export function showMore(): void {
  paused.value = null;
  limit.value = MANY_ROWS;
  askFlows();
}

export function togglePause(): void {
  paused.value = paused.value === null ? { since: Date.now(), state: state.value } : null;
  now.value = Date.now();
}
