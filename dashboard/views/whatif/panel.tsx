/**
 * What-if of the budget that the timeline shows: sliders, the next five minutes as things are and with the change, and the command that makes it.
 */
import { useEffect, useRef } from 'preact/hooks';
import '../../style/whatif.css';
import { changeWords, projectionWords } from '../../../src/view/what-if.js';
import { Chart } from '../../charts/chart.js';
import { distance, forecastChart } from '../../charts/forecast.js';
import { drawn, live } from '../../state/timeline/timeline.js';
import { isChange } from '../../state/whatif/changes.js';
import {
  changes,
  keep,
  remedy,
  reset,
  type Shown,
  settings,
  shown,
  watch,
} from '../../state/whatif/whatif.js';
import { endpoint, foreign, integer } from '../../text/format.js';
import { Copyable } from '../panels/copy.js';
import { Sliders } from './sliders.js';

export function Panel({ onClose }: { onClose(): void }) {
  useEffect(watch, []);
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  useEffect(() => onEscape(onClose), []);
  const what = shown.value;
  return (
    <section class="panel whatif" aria-labelledby="whatif-title" tabIndex={-1} ref={box}>
      <header>
        <h2 id="whatif-title">
          What if{what === null ? '' : ` toward ${endpoint(what.budget.destination)}`}
        </h2>
        <button type="button" class="small" onClick={reset}>
          As it is
        </button>
        <button type="button" class="small" onClick={onClose} title="Esc">
          Close
        </button>
      </header>
      {what === null || settings.value === undefined ? (
        <p class="empty">
          Choose one destination in the timeline: there is nothing to forecast for this one.
        </p>
      ) : (
        <div class="scroll parts">
          <Sliders settings={settings.value} />
          <Next what={what} />
          <Doing what={what} />
        </div>
      )}
    </section>
  );
}

/** Wherever the focus is: what had it may be gone. Returns what ends it. */
function onEscape(close: () => void): () => void {
  const listener = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    close();
  };
  document.addEventListener('keydown', listener);
  return () => document.removeEventListener('keydown', listener);
}

const stay = () => undefined;

function Next({ what }: { what: Shown }) {
  const body = drawn.value?.body;
  if (body === undefined) return null;
  const data = forecastChart(body, what);
  const span = [data.times[0] ?? 0, data.times.at(-1) ?? 0] as const;
  const common = { marks: [], onZoom: stay, onLive: live, onDrag: stay };
  return (
    <div class="next">
      <Chart
        {...common}
        id="whatif-chart"
        title="Next five minutes"
        data={data}
        span={span}
        read={integer}
        summary={summary(what)}
      />
      <Outcome what={what} />
    </div>
  );
}

const summary = ({ now, changed }: Shown) =>
  [
    `In five minutes ${integer(now.held.at(-1))} ports are held as it is.`,
    ...(changed === null ? [] : [`With the change ${integer(changed.held.at(-1))}.`]),
  ].join(' ');

function Outcome({ what: { words, changed, kept } }: { what: Shown }) {
  const body = drawn.value?.body;
  const apart = kept === null || body === undefined ? null : distance(body, kept);
  return (
    <>
      <p>{`Now: ${projectionWords(words.now)}`}</p>
      {changed === null ? null : (
        <p role="status">
          <strong>{`With ${changeWords(changes.value)}: `}</strong>
          {projectionWords(words.changed)}
        </p>
      )}
      {apart === null ? null : (
        <p class="quiet">{`Since the command was copied: measured and forecast are ${integer(Math.round(apart))} ports apart on average.`}</p>
      )}
    </>
  );
}

/** The part that the kernel can be told; a program must be changed by its people. */
function Doing({ what }: { what: Shown }) {
  const { sources, destinations, reused } = changes.value;
  const isProgram = sources > 1 || destinations > 1 || reused > 0;
  const how = remedy.value;
  if (what.changed === null || !isChange(changes.value))
    return <p class="quiet">Move a slider. Nothing is changed by this page: it gives you the command.</p>;
  return (
    <div class="remedy">
      {how === null ? null : (
        <>
          <p>{foreign(how.text)}</p>
          {how.command === null ? (
            <p class="quiet">{foreign(how.persistence)}</p>
          ) : (
            <span onClickCapture={keep}>
              <Copyable text={how.command} label="the command" />
            </span>
          )}
          {how.undo === null ? null : (
            <p class="undo">
              Undo: <Copyable text={how.undo} label="what takes it back" />
            </p>
          )}
          <p class="quiet">{foreign(how.effect)}</p>
        </>
      )}
      {isProgram ? (
        <p class="quiet">
          Addresses and pooled connections are changes of the program: no command does them.
        </p>
      ) : null}
    </div>
  );
}
