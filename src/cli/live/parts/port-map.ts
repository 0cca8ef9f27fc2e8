/**
 * The port map of a budget in cells of the terminal: each stands for as many neighbouring ports as it takes to show all of them. Its colour is
 * who has most of these, how full it is says how many are held and for how long. In: a scene, a size. Out: lines.
 */
import { endpoint, integer } from '../../../protocol/format.js';
import { PORT_STATE } from '../../../protocol/ports/cells.js';
import { wordsOf } from '../../../view/ports/counts.js';
import { type LegendItem, legendOf } from '../../../view/ports/legend.js';
import { strengthOf } from '../../../view/ports/strength.js';
import { OTHERS, OWN_TINTS, UNKNOWN_TINT } from '../../../view/ports/tints.js';
import type { Glyphs } from '../../screen/text.js';
import { budgetOf } from '../places.js';
import type { KnownPorts, Scene } from '../scene.js';
import { type Line, type Look, middleCut, type Span, span, widthOf } from '../tty/cells.js';
import { rule } from './lines.js';

/** The first port of each line, and a blank. */
const LABEL = 6;
const MOST_LEGEND = 3;
const LONGEST_NAME = 30;

/** What may be in a cell besides free ports: a tint of an owner, or one of these. */
const BLOCKED = UNKNOWN_TINT + 1;
const RESERVED = BLOCKED + 1;
const KINDS = RESERVED + 1;

export function portMapLines(scene: Scene, width: number, height: number): Line[] {
  const { ports, glyphs } = scene;
  const budget = scene.budgets.find(({ key }) => key === ports?.budget) ?? budgetOf(scene);
  const title = ['PORT MAP', ...(budget === null ? [] : [glyphs.arrow, endpoint(budget.destination)])].join(
    ' ',
  );
  if (ports?.state !== 'known' || budget === null)
    return [rule(title, '', width, glyphs), [span(`  ${missing(scene)}`, 'dim')]];
  const legend = legendLines(ports, width, glyphs);
  const { each, columns } = gridOf(ports.cells.length / 4, width - LABEL, height - 1 - legend.length);
  const per = each === 1 ? '' : `${integer(each)} ports a cell`;
  return [rule(title, per, width, glyphs), ...mapLines(ports, each, columns, glyphs), ...legend];
}

function missing(scene: Scene): string {
  const { ports, budgets } = scene;
  if (budgets.length === 0) return 'No outbound connection holds a port.';
  if (budgetOf(scene) === null) return 'No connection that the filter shows holds a port.';
  if (ports?.state === 'refused') return 'The service has no map of this budget.';
  if (ports?.state === 'rangeless') return 'The range of local ports is not known.';
  return 'Asking the service for the map.';
}

interface Grid {
  /** Ports of one cell. */
  readonly each: number;
  readonly columns: number;
}

/** Few ports are in one line or two; many have as few to a cell as fit. */
function gridOf(ports: number, width: number, height: number): Grid {
  const columns = Math.max(1, width);
  let each = Math.max(1, Math.ceil(ports / (columns * Math.max(1, height))));
  while (Math.ceil(Math.ceil(ports / each) / columns) > Math.max(1, height)) each++;
  return { each, columns };
}

function mapLines(ports: KnownPorts, each: number, columns: number, glyphs: Glyphs): Line[] {
  const words = wordsOf(ports.cells);
  const lines: Line[] = [];
  for (let first = 0; first < words.length; first += each * columns) {
    const spans: Span[] = [];
    const end = Math.min(words.length, first + each * columns);
    for (let at = first; at < end; at += each)
      spans.push(cellOf(words, at, Math.min(end, at + each), ports.tints, glyphs));
    lines.push([span(String(ports.first + first).padEnd(LABEL), 'dim'), ...joined(spans)]);
  }
  return lines;
}

/** Ports of each kind in the cell that is looked at: one array for all of them, since there are thousands. */
const held = new Uint32Array(KINDS);

function cellOf(words: Uint32Array, from: number, end: number, tints: Uint8Array, glyphs: Glyphs): Span {
  held.fill(0);
  let strength = 0;
  for (let at = from; at < end; at++) {
    const word = words[at] as number;
    const state = (word >> 8) & 255;
    if (state === PORT_STATE.free) continue;
    const kind = kindOf(state, tints[word & 255] as number);
    held[kind] = (held[kind] as number) + 1;
    const isTimed = state === PORT_STATE['time-wait'] || state === PORT_STATE.reusable;
    strength += isTimed ? strengthOf(word >>> 16) : 1;
  }
  if (strength === 0) return span(glyphs.shades[0] ?? ' ', 'dim');
  let most = 0;
  for (let kind = 1; kind < KINDS; kind++) if ((held[kind] as number) > (held[most] as number)) most = kind;
  return span(glyphOf(most, strength / (end - from), glyphs), LOOKS[most]);
}

function kindOf(state: number, tint: number): number {
  if (state === PORT_STATE.blocked) return BLOCKED;
  return state === PORT_STATE.reserved ? RESERVED : tint;
}

function glyphOf(kind: number, share: number, { fail, rule, shades }: Glyphs): string {
  if (kind === BLOCKED) return fail;
  if (kind === RESERVED) return rule;
  return shades[Math.max(1, Math.round(share * (shades.length - 1)))] ?? '';
}

const LOOKS: readonly Look[] = [
  ...Array.from({ length: OWN_TINTS }, (_, tint) => `tint-${tint}` as Look),
  'plain',
  'dim',
  'bad',
  'dim',
];

/** Neighbours that look the same are one piece. */
function joined(spans: readonly Span[]): Span[] {
  const pieces: { text: string; look: Look }[] = [];
  for (const { text, look } of spans) {
    const last = pieces.at(-1);
    if (last?.look === look) last.text += text;
    else pieces.push({ text, look });
  }
  return pieces;
}

function legendLines(ports: KnownPorts, width: number, glyphs: Glyphs): Line[] {
  const items = legendOf(ports.owners, ports.tints, ports.counts).map((item) => itemOf(item, glyphs));
  const lines: Span[][] = [[]];
  let used = 0;
  for (const item of [...items, [span(paleness(glyphs), 'dim')]]) {
    const cells = item.reduce((sum, { text }) => sum + widthOf(text), 0);
    if (used > 0 && used + cells > width) {
      lines.push([]);
      used = 0;
    }
    lines.at(-1)?.push(...item);
    used += cells;
  }
  return lines.slice(0, MOST_LEGEND);
}

function itemOf({ of, word, ports }: LegendItem, glyphs: Glyphs): Span[] {
  const kind = { blocked: BLOCKED, reserved: RESERVED, free: OTHERS };
  const place = typeof of === 'number' ? of : kind[of];
  const mark = of === 'free' ? (glyphs.shades[0] ?? '') : glyphOf(place, 1, glyphs);
  const look = of === 'free' ? 'dim' : LOOKS[place];
  return [
    span(mark, look),
    span(` ${middleCut(word, LONGEST_NAME, glyphs.more)} `),
    span(`${integer(ports)}  `, 'bold'),
  ];
}

const paleness = ({ shades }: Glyphs) =>
  `${[...shades].slice(1, -1).reverse().join('')} TIME_WAIT, the paler the sooner it ends`;
