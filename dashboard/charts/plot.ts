/**
 * One uPlot chart: how curves, marks, axes and the cursor are drawn and behave. In: a chart's curves, the colours of the
 * style sheet. Out: uPlot's options.
 */
import type uPlot from 'uplot';
import type { Annotation } from '../../src/protocol/history.js';
import { clock, integer } from '../text/format.js';
import type { Curve, Span } from './curves.js';

/** Both charts share one cursor. */
const CURSOR = 'timeline';
const FONT = '11px system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif';

export interface PlotOptions {
  element: HTMLElement;
  curves: readonly Curve[];
  notes(): readonly Annotation[];
  /** The index under the cursor, null when it has left. */
  onCursor(index: number | null): void;
  onZoom(span: Span): void;
  onLive(): void;
}

/** A colour of the style sheet, as it is now: dark and light follow the system. */
const colour = (element: Element, name: string) => getComputedStyle(element).getPropertyValue(name).trim();

/** An axis ends no lower than here, so that next to nothing is drawn small. */
const LEAST_TOP = 4;
/** Dashes of a line and of those beside it. */
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3]];

export function options(plot: PlotOptions): uPlot.Options {
  const { element, curves } = plot;
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    padding: [8, 6, 0, 0],
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(LEAST_TOP, max * 1.08)] } },
    axes: axes(element),
    series: [{}, ...curves.map((curve) => series(element, curve))],
    cursor: cursor(plot),
    hooks: {
      setCursor: [(u) => plot.onCursor(u.cursor.idx ?? null)],
      setSelect: [(u) => select(u, plot)],
      draw: [(u) => marks(u, element, plot.notes()), (u) => limit(u, element, curves)],
    },
  };
}

/** Steps of an axis of whole numbers: 1, 2, 5, 10, … */
const WHOLE = [1, 10, 100, 1_000, 10_000, 100_000].flatMap((ten) => [ten, 2 * ten, 5 * ten]);

function axes(element: HTMLElement): uPlot.Axis[] {
  const common = {
    font: FONT,
    stroke: () => colour(element, '--dim'),
    grid: { stroke: () => colour(element, '--hair'), width: 1 },
    ticks: { show: false },
  };
  return [
    {
      ...common,
      size: 22,
      space: 70,
      values: (_, splits, __, ___, step) => splits.map((time) => label(time, step)),
    },
    {
      ...common,
      size: 50,
      space: 28,
      incrs: WHOLE,
      values: (_, splits) => splits.map((value) => integer(value)),
    },
  ];
}

const label = (time: number, step: number) => clock(time * 1000).slice(0, step < 60 ? 8 : 5);

function series(element: HTMLElement, { shape, tint, dash }: Curve): uPlot.Series {
  const paint = () => colour(element, `--c-${tint}`);
  const common = { points: { show: false }, spanGaps: false };
  if (shape === 'area') return { ...common, width: 0, fill: paint };
  if (shape === 'dashes') return { ...common, width: 2, dash: [5, 4], stroke: paint };
  return { ...common, width: 1.5, dash: DASHES[dash % DASHES.length] ?? [], stroke: paint };
}

function cursor({ onLive }: PlotOptions): uPlot.Cursor {
  return {
    y: false,
    points: { show: false },
    sync: { key: CURSOR },
    drag: { x: true, y: false, setScale: false },
    bind: {
      dblclick: () => () => {
        onLive();
        return null;
      },
    },
  };
}

function select(u: uPlot, { onZoom }: PlotOptions): void {
  const { left, width } = u.select;
  if (width === 0) return;
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onZoom([u.posToVal(left, 'x'), u.posToVal(left + width, 'x')]);
}

/** Where something happened: a thin line and a mark on its foot; the words stand beside the chart. */
function marks(u: uPlot, element: HTMLElement, notes: readonly Annotation[]): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = colour(element, '--c-note');
  ctx.fillStyle = ctx.strokeStyle;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { time } of notes) {
    const x = u.valToPos(time / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    line(ctx, x, bbox.top, bbox.top + bbox.height);
    flag(ctx, x, bbox.top, 4 * devicePixelRatio);
  }
  ctx.restore();
}

/** The limit says so itself, under its line: where it begins, or where there is room. */
function limit(u: uPlot, element: HTMLElement, curves: readonly Curve[]): void {
  const at = curves.findIndex(({ id }) => id === 'limit');
  const column = curves[at] && u.data[at + 1];
  const first = column?.findIndex((value) => value != null) ?? -1;
  const value = column?.[first];
  if (value == null) return;
  const { ctx, bbox } = u;
  const text = `limit ${integer(value)}`;
  const gap = 5 * devicePixelRatio;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.fillStyle = colour(element, '--c-limit');
  ctx.textAlign = 'left';
  ctx.textBaseline = 'top';
  const begins = Math.max(bbox.left, u.valToPos(u.data[0][first] as number, 'x', true)) + gap;
  const fits = bbox.left + bbox.width - ctx.measureText(text).width - gap;
  ctx.fillText(text, Math.min(begins, fits), u.valToPos(value, 'y', true) + gap / 2);
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, x: number, top: number, bottom: number): void {
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, bottom);
  ctx.stroke();
}

function flag(ctx: CanvasRenderingContext2D, x: number, top: number, size: number): void {
  ctx.beginPath();
  ctx.moveTo(x - size, top);
  ctx.lineTo(x + size, top);
  ctx.lineTo(x, top + 1.5 * size);
  ctx.fill();
}
