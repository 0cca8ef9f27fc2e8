/**
 * One uPlot chart: how curves, marks, axes and the cursor are drawn and behave. In: a chart's curves, the colours of the
 * style sheet. Out: uPlot's options.
 */
import uPlot from 'uplot';
import { clock, integer, rate } from '../text/format.js';
import { colour } from './colours.js';
import type { Curve } from './curves.js';
import type { Mark } from './marks.js';
import { drawMarks, labelLine, type Pen } from './pen.js';
import type { Span } from './span.js';

/** Both charts share one cursor. */
const CURSOR = 'timeline';
const FONT = '11px system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif';

export interface PlotOptions {
  element: HTMLElement;
  curves: readonly Curve[];
  marks(): readonly Mark[];
  /** The index under the cursor, null when it has left. */
  onCursor(index: number | null): void;
  onZoom(span: Span): void;
  onLive(): void;
}

/** An axis ends no lower than here, so that next to nothing is drawn small. */
const LEAST_TOP = 4;

export function options(plot: PlotOptions): uPlot.Options {
  const { element, curves } = plot;
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    padding: [8, 6, 0, 0],
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(LEAST_TOP, max * 1.08)] } },
    axes: axes(),
    series: [{}, ...curves.map(series)],
    cursor: cursor(plot),
    hooks: {
      setCursor: [(u) => plot.onCursor(u.cursor.idx ?? null)],
      setSelect: [(u) => select(u, plot)],
      draw: [(u) => draw(u, plot)],
    },
  };
}

/** Steps of an axis of whole numbers: 1, 2, 5, 10, … */
const WHOLE = [1, 10, 100, 1_000, 10_000, 100_000].flatMap((ten) => [ten, 2 * ten, 5 * ten]);

function axes(): uPlot.Axis[] {
  const common = {
    font: FONT,
    stroke: () => colour('--dim'),
    grid: { stroke: () => colour('--hair'), width: 1 },
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

/** Side by side without a gap: there may be more seconds than pixels. */
const bars = uPlot.paths.bars?.({ size: [1, 40, 1], gap: 0 });

function series({ shape, tint }: Curve): uPlot.Series {
  const paint = () => colour(`--c-${tint}`);
  const common = { points: { show: false }, spanGaps: false };
  if (shape === 'area') return { ...common, width: 0, fill: paint };
  if (shape === 'bars') return { ...common, width: 0, fill: paint, ...(bars && { paths: bars }) };
  if (shape === 'dashes') return { ...common, width: 2, dash: [5, 4], stroke: paint };
  return { ...common, width: 1.5, stroke: paint };
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

function draw(u: uPlot, { curves, marks }: PlotOptions): void {
  const pen: Pen = { u, ctx: u.ctx, ratio: devicePixelRatio, colour };
  u.ctx.save();
  u.ctx.font = `${11 * pen.ratio}px system-ui, sans-serif`;
  drawMarks(pen, marks());
  for (const { id, say } of LABELS)
    labelLine(
      pen,
      curves.findIndex((curve) => curve.id === id),
      say,
    );
  u.ctx.restore();
}

/** Lines that say in the chart itself what they are. */
const LABELS = [
  { id: 'limit', say: (value: number) => `limit ${integer(value)}` },
  { id: 'sustainable', say: (value: number) => `ports allow ${rate(value)}/s` },
] as const;
