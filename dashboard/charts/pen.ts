/** What is written into a chart beside its curves: marks where something happened, the names of lines. In: a plot. Out: pixels. */
import type uPlot from 'uplot';
import type { Mark } from './marks.js';

export interface Pen {
  readonly u: uPlot;
  readonly ctx: CanvasRenderingContext2D;
  /** Device pixels in one of CSS. */
  readonly ratio: number;
  colour(name: string): string;
}

/** Where something happened: a thin line with a flag, and its word where there is room; all of it stands beside the chart. */
export function drawMarks({ u, ctx, ratio, colour }: Pen, marks: readonly Mark[]): void {
  const { left, top, width, height } = u.bbox;
  const size = 4 * ratio;
  ctx.strokeStyle = colour('--c-note');
  ctx.fillStyle = ctx.strokeStyle;
  ctx.lineWidth = ratio;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'top';
  let free = left;
  for (const { time, word } of marks) {
    const x = u.valToPos(time / 1000, 'x', true);
    if (x < left || x > left + width) continue;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    line(ctx, x, top, top + height);
    flag(ctx, x, top, size);
    const end = x + 1.5 * size + ctx.measureText(word).width;
    if (x < free || end > left + width) continue;
    ctx.fillText(word, x + 1.5 * size, top);
    free = end + size;
  }
  ctx.setLineDash([]);
}

/**
 * Under its line, or above one that is low: where that begins, or where there is room. What lies behind is kept off its letters.
 * @param at its place among the curves; -1: there is none
 */
export function labelLine({ u, ctx, ratio, colour }: Pen, at: number, say: (value: number) => string): void {
  const column = at < 0 ? undefined : u.data[at + 1];
  const first = column?.findIndex((value) => value != null) ?? -1;
  const value = column?.[first];
  if (value == null) return;
  const { left, width, top, height } = u.bbox;
  const gap = 5 * ratio;
  const size = 11 * ratio;
  const text = say(value);
  ctx.fillStyle = colour('--c-limit');
  ctx.textAlign = 'left';
  ctx.textBaseline = 'top';
  const begins = Math.max(left, u.valToPos(u.data[0][first] as number, 'x', true)) + gap;
  const fits = left + width - ctx.measureText(text).width - gap;
  const y = u.valToPos(value, 'y', true);
  const isLow = y + gap / 2 + size > top + height;
  const place = [Math.min(begins, fits), isLow ? y - size - gap / 2 : y + gap / 2] as const;
  ctx.setLineDash([]);
  ctx.lineJoin = 'round';
  ctx.lineWidth = 3 * ratio;
  ctx.strokeStyle = colour('--panel');
  ctx.strokeText(text, ...place);
  ctx.fillText(text, ...place);
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
