/**
 * A chart with its readings: the values under the cursor, or the newest ones. In: curves, the span to show, marks.
 * Out: a canvas, and the same in words for readers who cannot see it.
 */
import { type Signal, useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { inTurn, leaveTurn } from '../state/turns.js';
import { clock } from '../text/format.js';
import type { Curve, Chart as Data } from './curves.js';
import type { Mark } from './marks.js';
import { options } from './plot.js';
import type { Span } from './span.js';

interface ChartProps {
  id: string;
  title: string;
  data: Data;
  span: Span;
  marks: readonly Mark[];
  summary: string;
  /** How a value is written. */
  read(value: number | null | undefined): string;
  onZoom(span: Span): void;
  onLive(): void;
  /** The mouse is down in the chart: what it points at must not move. */
  onDrag(isDragging: boolean): void;
}

export function Chart(props: ChartProps) {
  const { id, title, data, summary, read } = props;
  const at = useSignal<number | null>(null);
  return (
    <figure class="chart">
      <figcaption>
        <Title id={id} title={title} times={data.times} at={at} />
        <Readings data={data} at={at} read={read} />
      </figcaption>
      <Canvas at={at} {...props} />
      <p class="sr-only" id={`${id}-summary`}>
        {summary}
      </p>
    </figure>
  );
}

interface ReadingsProps {
  data: Data;
  at: Signal<number | null>;
  read: ChartProps['read'];
}

type CanvasProps = ChartProps & { at: Signal<number | null> };

function Canvas(props: CanvasProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  useLayoutEffect(() => {
    inTurn(latest, () => {
      if (box.current !== null) plot.current = plotted(box.current, plot.current, latest);
    });
  });
  useLayoutEffect(
    () => () => {
      leaveTurn(latest);
      plot.current?.end();
    },
    [],
  );
  return (
    <div
      class="canvas"
      ref={box}
      role="img"
      aria-labelledby={props.id}
      aria-describedby={`${props.id}-summary`}
    />
  );
}

interface Plot {
  /** Names of its curves: it can draw no others. */
  curves: string;
  plot: UPlot;
  end(): void;
}

const namesOf = ({ curves }: Data) => curves.map(({ id }) => id).join(' ');

/** The plot that shows what is to be shown: the last one, or where that has other curves, another in its place. */
function plotted(element: HTMLElement, last: Plot | null, latest: { current: CanvasProps }): Plot {
  const isSame = last?.curves === namesOf(latest.current.data);
  if (!isSame) last?.end();
  const made = isSame ? last : make(element, latest);
  draw(made.plot, latest.current);
  return made;
}

function make(element: HTMLElement, latest: { current: CanvasProps }): Plot {
  const { data } = latest.current;
  const made = options({
    element,
    curves: data.curves,
    marks: () => latest.current.marks,
    onCursor: (index) => {
      latest.current.at.value = index;
    },
    onZoom: (span) => latest.current.onZoom(span),
    onLive: () => latest.current.onLive(),
  });
  const plot = new UPlot(made, aligned(data), element);
  const size = new ResizeObserver(() =>
    plot.setSize({ width: element.clientWidth, height: element.clientHeight }),
  );
  const theme = new MutationObserver(() => plot.redraw(true, true));
  const drag = () => {
    leaveTurn(latest);
    latest.current.onDrag(true);
  };
  /* The plot itself listens at the document, which comes before the window: it has made its zoom by then. */
  const drop = () => latest.current.onDrag(false);
  plot.over.addEventListener('mousedown', drag);
  addEventListener('mouseup', drop);
  size.observe(element);
  theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  const end = () => {
    size.disconnect();
    theme.disconnect();
    removeEventListener('mouseup', drop);
    plot.destroy();
  };
  return { curves: namesOf(data), plot, end };
}

const aligned = ({ times, curves }: Data): UPlot.AlignedData => [
  times,
  ...curves.map(({ column }) => column),
];

function draw(plot: UPlot, { data, span: [min, max] }: CanvasProps): void {
  plot.batch(() => {
    plot.setData(aligned(data), false);
    plot.setScale('x', { min, max });
  });
}

/** Curves that are labelled in the chart itself. */
const LABELLED = ['limit', 'projection', 'sustainable'];

/** Each curve with its colour, its name and its value: colour never speaks alone. A stack is read from its bottom. */
function Readings({ data: { curves, newest }, at, read }: ReadingsProps) {
  const said = curves.filter(({ id }) => !LABELLED.includes(id));
  const isStacked = ({ shape }: Curve) => shape === 'area' || shape === 'bars';
  const shown = [...said.filter(isStacked).reverse(), ...said.filter((curve) => !isStacked(curve))];
  return (
    <p class="readings">
      {shown.map(({ id, label, shape, tint, value }) => (
        <span key={id} class={`reading as-${shape} of-${tint}`}>
          <bdi>{label}</bdi> <b>{read(value[at.value ?? newest])}</b>
        </span>
      ))}
    </p>
  );
}

/** The chart's title; while the cursor is over the chart, the time under it. */
function Title({
  id,
  title,
  times,
  at,
}: {
  id: string;
  title: string;
  times: number[];
  at: Signal<number | null>;
}) {
  const time = at.value === null ? undefined : times[at.value];
  return (
    <>
      <h3 id={id} class={time === undefined ? '' : 'sr-only'}>
        {title}
      </h3>
      {time === undefined ? null : <time>{clock(time * 1000)}</time>}
    </>
  );
}
