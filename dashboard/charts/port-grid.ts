/**
 * The port map as a grid: where each port lies, and what colour it has. A pixel is a port, and the browser makes it larger. In: cells
 * of a map, a width, colours. Out: a geometry, pixels. Pure.
 */
import { PORT_STATE } from '../../src/protocol/ports/cells.js';
import { wordsOf } from '../../src/view/ports/counts.js';
import { ENTRY_SECONDS, strengthOf } from '../../src/view/ports/strength.js';

export interface Grid {
  ports: number;
  columns: number;
  rows: number;
  /** Width and height of one port, in CSS pixels. */
  wide: number;
  high: number;
}

const MOST_CELL = 14;
/** Widths and heights of a port: squares down to two pixels, then what a range of tens of thousands needs. */
const CELLS: readonly (readonly [wide: number, high: number])[] = [
  ...Array.from({ length: MOST_CELL - 1 }, (_, i) => [MOST_CELL - i, MOST_CELL - i] as const),
  [3, 1],
  [2, 1],
  [1, 1],
];
/** The picture becomes no higher than this, unless its ports would be too small to see. */
const HEIGHT = 124;

/** As large as `width` and the height allow. */
export function gridOf(ports: number, width: number): Grid {
  const grids = CELLS.map(([wide, high]) => {
    const columns = Math.max(1, Math.floor(width / wide));
    return { ports, columns, rows: Math.ceil(ports / columns), wide, high };
  });
  return grids.find(({ rows, high }) => rows * high <= HEIGHT) ?? (grids.at(-1) as Grid);
}

/** The index of the port at a point of the picture; null: there is none. */
export function indexAt({ ports, columns, wide, high }: Grid, x: number, y: number): number | null {
  const column = Math.floor(x / wide);
  const index = Math.floor(y / high) * columns + column;
  return x >= 0 && y >= 0 && column < columns && index < ports ? index : null;
}

/** Steps of the keys, in ports. */
export function stepOf({ columns, ports }: Grid, key: string): number | null {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -10 * columns,
    PageDown: 10 * columns,
    Home: -ports,
    End: ports,
  };
  return steps[key] ?? null;
}

/** Red, green, blue. */
export type Rgb = readonly [number, number, number];

export interface Palette {
  free: Rgb;
  blocked: Rgb;
  reserved: Rgb;
  /** By tint; the last two are of all others, and of nobody known. */
  owners: readonly Rgb[];
}

/** Steps of brightness: one for each second of a TIME_WAIT entry, and one for what is no entry. */
const LEVELS = ENTRY_SECONDS + 2;
const FULL = LEVELS - 1;

/** Colours mixed once, so that painting only looks them up. */
export class Painter {
  readonly #mixed: Uint32Array;
  readonly #free: number;
  readonly #blocked: number;
  readonly #reserved: number;

  constructor({ free, blocked, reserved, owners }: Palette) {
    this.#free = pixel(free);
    this.#blocked = pixel(blocked);
    this.#reserved = pixel(reserved);
    this.#mixed = Uint32Array.from({ length: owners.length * LEVELS }, (_, at) =>
      pixel(mix(free, owners[Math.floor(at / LEVELS)] as Rgb, strength(at % LEVELS))),
    );
  }

  /** Fills `pixels`, row by row; neighbours that are alike at once. @param tints by index of the owner */
  paint(cells: Uint8Array, tints: Uint8Array, columns: number, pixels: Uint32Array): void {
    const words = wordsOf(cells);
    const ports = words.length;
    for (let first = 0, end = 0; first < ports; first = end) {
      const word = words[first] as number;
      while (end < ports && words[end] === word) end++;
      pixels.fill(this.#plain(word, tints), first, end);
      if (((word >> 8) & 255) === PORT_STATE.reserved) this.#hatch(pixels, first, end, columns);
    }
    pixels.fill(0, ports);
  }

  #plain(word: number, tints: Uint8Array): number {
    const state = (word >> 8) & 255;
    if (state === PORT_STATE.free) return this.#free;
    if (state === PORT_STATE.blocked) return this.#blocked;
    if (state === PORT_STATE.reserved) return this.#reserved;
    return this.#owned(tints[word & 255] as number, state, word >>> 16);
  }

  #hatch(pixels: Uint32Array, first: number, end: number, columns: number): void {
    for (let port = first; port < end; port++)
      if (((port % columns) + Math.floor(port / columns)) % 2 !== 0) pixels[port] = this.#free;
  }

  #owned(tint: number, state: number, seconds: number): number {
    const isTimed = state === PORT_STATE['time-wait'] || state === PORT_STATE.reusable;
    return this.#mixed[tint * LEVELS + (isTimed ? Math.min(seconds, FULL - 1) : FULL)] as number;
  }
}

const strength = (level: number) => (level === FULL ? 1 : strengthOf(level));

const mix = (a: Rgb, b: Rgb, share: number): Rgb => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];

/** As ImageData has it in memory, on the machines that browsers run on: red comes first. */
const pixel = ([red, green, blue]: Rgb) =>
  (0xff000000 | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;

/** Newer browsers have it, and take a tenth of the time. */
const native = (Uint8Array as { fromBase64?: (text: string) => Uint8Array }).fromBase64;

export function bytesOf(base64: string): Uint8Array {
  if (native !== undefined) return native.call(Uint8Array, base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
