/**
 * How this terminal wants to be written to: colours, glyphs, width. In: options, environment, the output. Out: a style.
 */
import pc from 'picocolors';
import type { Tone } from '../../view/tone.js';
import type { Io, Output } from '../io.js';
import { ASCII, type Glyphs, UNICODE } from './text.js';

export interface Style {
  readonly colors: ReturnType<typeof pc.createColors>;
  readonly glyphs: Glyphs;
  /** Columns to fit into; Infinity where lines have no end to fit (a pipe, a file). */
  readonly width: number;
}

const NARROWEST = 80;

/** Where a terminal ends a line; Infinity: nothing does, in a pipe or a file. */
export const columnsOf = ({ isTTY, columns }: Output): number =>
  isTTY ? (columns ?? NARROWEST) : Number.POSITIVE_INFINITY;

export function styleFor(io: Io, asked: { color: boolean | undefined; ascii: boolean }): Style {
  const automatic = io.stdout.isTTY === true && !io.env.NO_COLOR && io.env.TERM !== 'dumb';
  return {
    colors: pc.createColors(asked.color ?? automatic),
    glyphs: asked.ascii ? ASCII : UNICODE,
    width: Math.max(columnsOf(io.stdout), NARROWEST),
  };
}

export function glyphOf(tone: Tone, { ok, warn, fail, dot }: Glyphs): string {
  return { good: ok, warn, bad: fail, wait: dot }[tone];
}

export function paintOf(tone: Tone, { green, yellow, red, dim }: Style['colors']): (text: string) => string {
  return { good: green, warn: yellow, bad: red, wait: dim }[tone];
}
