/**
 * The live screen as lines: who, toward what, what now, at the top whatever the size; more of everything where there is room. In: a scene,
 * a size. Out: lines, as many as the screen is high.
 */
import { clock, counted, duration, integer, percent, seconds } from '../../protocol/format.js';
import { census } from '../../view/census.js';
import { lossesOf } from '../../view/losses.js';
import { namespaceName } from '../../view/names.js';
import type { Style } from '../screen/style.js';
import { CARD_LINES, cardLines } from './parts/card.js';
import { culpritLines } from './parts/culprit-table.js';
import { detailLines } from './parts/detail.js';
import { rule } from './parts/lines.js';
import { fixLines, helpLines, whatIfLines } from './parts/overlays.js';
import { portMapLines } from './parts/port-map.js';
import { budgetLines, failureLines } from './parts/side-tables.js';
import { traceLines } from './parts/trace.js';
import { type Scene, tracedRow } from './scene.js';
import type { Overlay } from './state.js';
import { fitted, type Line, span, widthOf } from './tty/cells.js';

/** From here on failures are beside the budgets. */
const WIDE = 150;
/** From here on there are failures below the culprits. */
const TALL = 30;
/** From here on a port map and a live trace are below them. */
const ROOMY = { width: 120, height: 36 } as const;
/** Lines that are not tables: the first one, the incident, the last one. */
const AROUND = CARD_LINES + 2;
/** Between what stands side by side. */
const GAP = 2;
/** A trace's lines are mostly not longer. */
const TRACE_WIDTH = 72;

export function linesOf(scene: Scene, width: number, height: number, style: Style): Line[] {
  const head = [stripLine(scene, width), ...cardLines(scene, width)];
  const room = roomOf(height);
  const { overlay } = scene.state;
  const body =
    overlay === null ? tables(scene, width, room, style) : overlaid(scene, overlay, width, room, style);
  const filled = [...head, ...body, ...Array<Line>(height).fill([])].slice(0, Math.max(0, height - 1));
  return [...filled, footLine(scene, width)];
}

/** Whether there is room for the port map and the live trace beside the tables. */
export const isRoomy = (width: number, height: number): boolean =>
  width >= ROOMY.width && height >= ROOMY.height;

/** Lines of the port map and the live trace, of the room for tables. */
const bandOf = (room: number) => Math.floor(room / 3);

/** Rows of the culprit table on a screen of this size, for paging. */
export function pageOf(width: number, height: number): number {
  const below = isRoomy(width, height) ? bandOf(height - AROUND) : 0;
  return Math.max(1, height - CARD_LINES - 9 - below);
}

function stripLine(scene: Scene, width: number): Line {
  const { replica, state, now, totals, glyphs } = scene;
  const sums = census(totals);
  const losses = lossesOf(totals);
  const owned = sums === null || sums.ours === 0 ? [] : [`owned ${percent(sums.owned / sums.ours)}`];
  const parts = [
    clock(now) ?? '',
    ...owned,
    ...(losses === null || losses.total === 0 ? [] : [`lost ${integer(losses.total)}`]),
    namespacesText(replica.tables.totals.rows.size),
    ...(state.netns === null ? [] : [`only ${scopeName(scene)}`]),
  ];
  const host = `portchurn ${replica.hello?.host ?? ''} `;
  const [link, look] = linkWords(scene);
  const right = '?:help';
  const left = ` ${parts.join('  ')}`;
  const used = widthOf(host) + widthOf(link) + right.length;
  return [
    span(host, 'bold'),
    span(link, look),
    span(fitted(left, Math.max(0, width - used), glyphs.more)),
    span(right, 'dim'),
  ];
}

function scopeName({ totals, state }: Scene): string {
  const [own] = totals;
  return namespaceName({ name: own?.name ?? null, netns: state.netns });
}

const namespacesText = (count: number) => (count === 1 ? '1 namespace' : `${integer(count)} namespaces`);

function linkWords({ link, state, glyphs, now }: Scene): [string, 'good' | 'warn' | 'bad'] {
  if (link.phase === 'lost') {
    const age = duration(Math.max(0, now - link.since)) ?? '';
    return [`${glyphs.fail} service ${link.reason}, ${age} old`, 'bad'];
  }
  if (state.paused !== null) return [`PAUSED ${seconds((now - state.paused) / 1000) ?? ''}`, 'warn'];
  return link.phase === 'open' ? [`${glyphs.live}live`, 'good'] : ['connecting', 'warn'];
}

function tables(scene: Scene, width: number, room: number, style: Style): Line[] {
  if (!isRoomy(width, room + AROUND)) return lists(scene, width, room, room < TALL - AROUND ? SMALL : MIDDLE);
  const below = bandOf(room);
  const most = Math.max(MIDDLE.budgets, Math.floor(room / 6));
  const above = room - below;
  const lines = lists(scene, width, above, { budgets: most, failures: most - 1 });
  return [...padded(lines, above), ...band(scene, width, below, style)];
}

/** The most rows of each that are shown beside the culprits. */
interface Share {
  readonly budgets: number;
  readonly failures: number;
}

const SMALL: Share = { budgets: 2, failures: 0 };
const MIDDLE: Share = { budgets: 5, failures: 4 };

function lists(scene: Scene, width: number, room: number, share: Share): Line[] {
  const most = scene.state.manyBudgets ? Math.floor(room / 2) - 1 : share.budgets;
  const rows = Math.max(1, Math.min(most, Math.max(1, scene.budgets.length)));
  if (width >= WIDE) return wideLists(scene, width, room, Math.max(rows, Math.min(MIDDLE.budgets, most)));
  const failureRows = Math.min(share.failures, Math.max(1, scene.failures.length));
  const failures = failureRows === 0 ? [] : failureLines(scene, width, failureRows);
  const budgets = budgetLines(scene, width, rows);
  const left = room - budgets.length - failures.length;
  return [...budgets, ...padded(culpritLines(scene, width, left), left), ...failures];
}

/** Budgets and failures side by side. */
function wideLists(scene: Scene, width: number, room: number, rows: number): Line[] {
  const half = Math.floor((width - GAP) / 2);
  const left = budgetLines(scene, half, rows);
  const right = failureLines(scene, width - half - GAP, rows);
  const both = sideBySide(left, right, half, rows + 1);
  return [...both, ...culpritLines(scene, width, room - both.length)];
}

/** The ports of the incident's budget, and beside them what the process under the cursor does right now. */
function band(scene: Scene, width: number, height: number, style: Style): Line[] {
  const right = Math.max(TRACE_WIDTH, Math.floor((width - GAP) / 2));
  const left = width - GAP - right;
  const row = tracedRow(scene);
  const trace = row === undefined ? [] : traceLines(row, scene, right, height, style);
  return sideBySide(portMapLines(scene, left, height), trace, left, height);
}

function sideBySide(left: Line[], right: Line[], width: number, height: number): Line[] {
  const beside = padded(right, height);
  return padded(left, height).map((line, at): Line => {
    const used = line.reduce((sum, { text }) => sum + widthOf(text), 0);
    return [...line, span(' '.repeat(Math.max(0, width + GAP - used))), ...(beside[at] ?? [])];
  });
}

const padded = (lines: Line[], height: number): Line[] =>
  [...lines, ...Array<Line>(Math.max(0, height)).fill([])].slice(0, Math.max(0, height));

const TITLES: Readonly<Record<Overlay, string>> = {
  detail: 'DETAIL',
  fix: 'WHAT TO DO',
  'what-if': 'WHAT IF',
  help: 'KEYS',
};

/** Lines below the incident, without the last one of the screen. */
const roomOf = (height: number) => Math.max(0, height - AROUND);

/** How far what lies over the tables can be scrolled on a screen of this size. */
export function lastScrollOf(scene: Scene, width: number, height: number, style: Style): number {
  const { overlay } = scene.state;
  const room = roomOf(height) - 1;
  return overlay === null ? 0 : Math.max(0, overlayLines(scene, overlay, width, room, style).length - room);
}

function overlaid(scene: Scene, overlay: Overlay, width: number, room: number, style: Style): Line[] {
  const lines = overlayLines(scene, overlay, width, room - 1, style);
  const first = Math.max(0, Math.min(scene.state.scroll, lines.length - (room - 1)));
  const shown = lines.slice(first, first + room - 1);
  const hidden = lines.length - first - shown.length;
  return [
    rule(
      TITLES[overlay],
      hidden > 0 ? `${counted(hidden, 'line')} more: PgDn` : 'Esc: back',
      width,
      scene.glyphs,
    ),
    ...shown,
  ];
}

function overlayLines(scene: Scene, overlay: Overlay, width: number, room: number, style: Style): Line[] {
  switch (overlay) {
    case 'detail':
      return detailLines(scene, width, room, style);
    case 'fix':
      return fixLines(scene, width);
    case 'what-if':
      return whatIfLines(scene, width);
    case 'help':
      return helpLines(width);
  }
}

const HINTS: Readonly<Record<Overlay | 'tables', string>> = {
  tables: '/ filter  s sort  g group  Enter detail  f fix  w what-if  Tab incident  q end',
  detail: 'Esc back  f fix  w what-if  j k scroll',
  fix: 'c copy the first command  1-9 that one  PgDn scroll  Tab incident  Esc back',
  'what-if': 'arrows change  c copy the command  Esc back',
  help: 'Esc back',
};

function footLine(scene: Scene, width: number): Line {
  const { state, replica, glyphs } = scene;
  if (state.typed !== null) return [span('filter: ', 'bold'), span(state.typed), span(' ', 'chosen')];
  const refusal = replica.tables.flows.refusal ?? replica.refusal;
  if (state.message !== null) return [span(fitted(state.message, width, glyphs.more), 'bold')];
  if (refusal !== null)
    return [span(fitted(`${refusal.code}: ${refusal.message}`, width, glyphs.more), 'bad')];
  return [span(fitted(HINTS[state.overlay ?? 'tables'], width, glyphs.more), 'dim')];
}
