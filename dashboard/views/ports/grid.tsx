/**
 * The grid on its canvas, and the port under pointer or keys in words. In: a map, colours of its owners. Out: choices of a port, which stay in
 * here.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { cellAt } from '../../../src/protocol/ports/cells.js';
import { OWN_TINTS } from '../../../src/view/ports/tints.js';
import {
  type Grid,
  gridOf,
  indexAt,
  Painter,
  type Palette,
  type Rgb,
  stepOf,
} from '../../charts/port-grid.js';
import { theme } from '../../state/theme.js';
import { inTurn, leaveTurn } from '../../state/turns.js';
import { portText } from '../../text/port-words.js';
import { useWidth } from '../panels/width.js';
import type { Ports } from './watch.js';

interface GridProps {
  ports: Ports;
  tints: Uint8Array;
  describedBy: string;
  /** What stands beside it. */
  children?: ComponentChildren;
}

export function GridOfPorts({ ports, tints, describedBy, children }: GridProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box);
  const grid = useMemo(() => gridOf(ports.cells.length / 4, width), [ports.cells.length, width]);
  const [at, setAt] = useState<number | null>(null);
  usePainted(canvas, ports, tints, grid);
  const index = at === null ? null : Math.min(at, grid.ports - 1);
  const says = index === null ? '' : portText(ports.first + index, cellAt(ports.cells, index), ports.owners);
  /* Announced when another port is chosen, not when its seconds pass. */
  const announced = useMemo(() => says, [index]);
  const onPoint = ({ offsetX, offsetY }: PointerEvent) => setAt(indexAt(grid, offsetX, offsetY) ?? at);
  const onKey = (event: KeyboardEvent) => {
    const step = stepOf(grid, event.key);
    if (step === null) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(grid.ports - 1, (index ?? 0) + (index === null ? 0 : step))));
  };
  return (
    <>
      <div class="ports">
        <div ref={box} class="grid-box">
          <div
            class="grid"
            style={{ width: `${grid.columns * grid.wide}px` }}
            role="slider"
            tabIndex={0}
            aria-label="Local port"
            aria-describedby={describedBy}
            aria-valuemin={ports.first}
            aria-valuemax={ports.first + grid.ports - 1}
            aria-valuenow={ports.first + (index ?? 0)}
            aria-valuetext={announced || 'no port chosen: use the arrow keys'}
            onKeyDown={onKey}
            onFocus={() => setAt(index ?? 0)}
          >
            <canvas
              ref={canvas}
              width={grid.columns}
              height={grid.rows}
              style={{ width: `${grid.columns * grid.wide}px`, height: `${grid.rows * grid.high}px` }}
              onPointerMove={onPoint}
              onPointerDown={onPoint}
            />
            {grid.wide < WITH_GAPS ? null : <span class="gaps" style={{ '--cell': `${grid.wide}px` }} />}
            {index === null ? null : <Marker grid={grid} index={index} />}
          </div>
        </div>
        {children}
      </div>
      <p class="says">
        {says || 'Point at a port, or move with the arrow keys: who has it, and for how long.'}
      </p>
    </>
  );
}

/** The least size of a port that has a line around it, in CSS pixels. */
const WITH_GAPS = 6;

/** At least so large, so that the eye finds it. */
const LEAST_MARKER = 8;

function Marker({ grid: { columns, wide, high }, index }: { grid: Grid; index: number }) {
  const size = Math.max(LEAST_MARKER, wide + 2);
  const middle = (place: number, cell: number) => `${(place + 0.5) * cell - size / 2}px`;
  const place = { left: middle(index % columns, wide), top: middle(Math.floor(index / columns), high) };
  return (
    <span class="marker" aria-hidden="true" style={{ ...place, width: `${size}px`, height: `${size}px` }} />
  );
}

/** Painted when the map, the size or the theme is another: in a frame of its own, but a canvas of a new size is empty until it is painted. */
function usePainted(
  canvas: { current: HTMLCanvasElement | null },
  ports: Ports,
  tints: Uint8Array,
  { columns, rows }: Grid,
): void {
  const image = useMemo(() => new ImageData(columns, rows), [columns, rows]);
  const painted = useRef<ImageData | null>(null);
  const [painter, setPainter] = useState<Painter | null>(null);
  const dark = theme.value;
  useEffect(() => {
    if (canvas.current !== null) setPainter(new Painter(paletteOf(canvas.current)));
  }, [dark]);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (painter === null || context == null) return;
    const paint = () => {
      painter.paint(ports.cells, tints, columns, new Uint32Array(image.data.buffer));
      context.putImageData(image, 0, 0);
    };
    if (painted.current === image) return inTurn(canvas, paint);
    leaveTurn(canvas);
    paint();
    painted.current = image;
  }, [painter, ports, image]);
  useLayoutEffect(() => () => leaveTurn(canvas), []);
}

function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const colour = (name: string): Rgb => rgbOf(style.getPropertyValue(`--${name}`).trim());
  const own = Array.from({ length: OWN_TINTS }, (_, tint) => colour(`c-owner-${tint}`));
  return {
    free: colour('p-free'),
    blocked: colour('p-blocked'),
    reserved: colour('p-reserved'),
    owners: [...own, colour('p-others'), colour('c-owner-unknown')],
  };
}

/** `#rrggbb`, as the style sheet has them. */
function rgbOf(text: string): Rgb {
  const value = Number.parseInt(text.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
