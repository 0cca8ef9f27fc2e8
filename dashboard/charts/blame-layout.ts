/**
 * Where each part of the blame graph lies. In: a graph, the width of the page. Out: boxes and paths, in pixels. Pure.
 */
import type { Graph, Hold } from './blame-types.js';

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Ribbon {
  path: string;
  /** Of its stroke. */
  width: number;
}

export interface Layout {
  width: number;
  height: number;
  processes: ReadonlyMap<string, Box>;
  budgets: ReadonlyMap<string, Box>;
  destinations: ReadonlyMap<string, Box>;
  /** In the order of the graph's holds, budgets, blames. */
  holds: readonly Ribbon[];
  leads: readonly Ribbon[];
  blames: readonly Ribbon[];
}

const NODE = 40;
const GAP = 10;
/** Left of the processes: room for the arrows. */
const MARGIN = 56;
const NARROWEST = 520;
/** Shares of the width that the columns have. */
const SHARES = { process: 0.26, budget: 0.18, destination: 0.2 };
const THINNEST = 1.5;
const THICKEST = 14;

export function layoutOf(graph: Graph, available: number): Layout {
  const width = Math.max(NARROWEST, available);
  const { processes, budgets, destinations } = graph;
  const most = Math.max(1, processes.length, budgets.length, destinations.length);
  const height = most * (NODE + GAP) - GAP;
  const wide = (share: number) => Math.round((width - MARGIN) * share);
  const column = (ids: readonly { id: string }[], x: number, share: number) =>
    boxes(ids, { x, width: wide(share), height });
  const at = {
    processes: column(processes, MARGIN, SHARES.process),
    budgets: column(budgets, Math.round(MARGIN + (width - MARGIN) * 0.45), SHARES.budget),
    destinations: column(destinations, width - wide(SHARES.destination), SHARES.destination),
  };
  return { width, height, ...at, ...ribbons(graph, at) };
}

/** One below the other, in the middle. */
function boxes(
  nodes: readonly { id: string }[],
  { x, width, height }: Pick<Box, 'x' | 'width' | 'height'>,
): Map<string, Box> {
  const top = (height - (nodes.length * (NODE + GAP) - GAP)) / 2;
  return new Map(nodes.map(({ id }, i) => [id, { x, y: top + i * (NODE + GAP), width, height: NODE }]));
}

type Columns = Pick<Layout, 'processes' | 'budgets' | 'destinations'>;

function ribbons(graph: Graph, at: Columns): Pick<Layout, 'holds' | 'leads' | 'blames'> {
  const rates = [...graph.holds.map(demandOf), ...graph.budgets.map(({ openPerSec }) => openPerSec)];
  const fastest = Math.max(1, ...rates);
  /* By its area: a stream of a hundredth is still seen. */
  const stroke = (rate: number) => THINNEST + (THICKEST - THINNEST) * Math.sqrt(rate / fastest);
  return {
    holds: graph.holds.map((hold) => ({
      path: across(at.processes.get(hold.process), at.budgets.get(hold.budget)),
      width: stroke(demandOf(hold)),
    })),
    leads: graph.budgets.map(({ id, destination, openPerSec }) => ({
      path: across(at.budgets.get(id), at.destinations.get(destination)),
      width: stroke(openPerSec),
    })),
    blames: graph.blames.map(({ victim, taker }, i) => ({
      path: around(at.processes.get(victim), at.processes.get(taker ?? ''), i),
      width: 2,
    })),
  };
}

/** What wants a port. Behind the tank a link has what got one. */
const demandOf = ({ openPerSec, failPerSec }: Hold) => openPerSec + failPerSec;

const middle = ({ y, height }: Box) => y + height / 2;

/** From the right side of one to the left side of the other. */
function across(from: Box | undefined, to: Box | undefined): string {
  if (from === undefined || to === undefined) return '';
  const [x0, x1] = [from.x + from.width, to.x];
  const bend = (x0 + x1) / 2;
  return `M${x0} ${middle(from)} C${bend} ${middle(from)} ${bend} ${middle(to)} ${x1} ${middle(to)}`;
}

/** Ends before the box, where the arrow's head has its place. */
const HEAD = 7;

/** Left of the column, from one to another; several lie beside each other. A process that took its own ports has no arrow. */
function around(from: Box | undefined, to: Box | undefined, nth: number): string {
  if (from === undefined || to === undefined || from === to) return '';
  const bend = from.x - MARGIN + 4 + (nth % 4) * 7;
  const end = middle(to) + (middle(from) > middle(to) ? 8 : -8);
  return `M${from.x} ${middle(from)} C${bend} ${middle(from)} ${bend} ${end} ${to.x - HEAD} ${end}`;
}
