/**
 * How this terminal wants to be written to: colours, glyphs, width. Enters: options, environment, the output.
 * Called by the commands that print tables or lines.
 */
import pc from 'picocolors';
import type { Io } from '../io.js';
import { ASCII, type Glyphs, UNICODE } from './text.js';

export interface Style {
  readonly colors: ReturnType<typeof pc.createColors>;
  readonly glyphs: Glyphs;
  /** Columns to fit into; Infinity where nobody looks at line ends (a pipe, a file). */
  readonly width: number;
}

const NARROWEST = 80;

export function styleFor(io: Io, wish: { color: boolean | undefined; ascii: boolean }): Style {
  const automatic = io.stdout.isTTY === true && !io.env.NO_COLOR && io.env.TERM !== 'dumb';
  return {
    colors: pc.createColors(wish.color ?? automatic),
    glyphs: wish.ascii ? ASCII : UNICODE,
    width: io.stdout.isTTY ? Math.max(io.stdout.columns ?? NARROWEST, NARROWEST) : Number.POSITIVE_INFINITY,
  };
}
