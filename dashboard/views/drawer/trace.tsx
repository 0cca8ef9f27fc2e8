/** The live trace of a process: what it connects, accepts, closes, as it happens. In: a filter. */
import { Component } from 'preact';
import { useRef } from 'preact/hooks';
import { failureText } from '../../../src/protocol/failure-words.js';
import type { ConnectionEvent } from '../../../src/protocol/rows.js';
import { printing } from '../../state/printing.js';
import { type Line, MOST_LINES, type Trace } from '../../state/trace.js';
import { clock, duration, endpoint, foreign, integer, UNKNOWN } from '../../text/format.js';
import { Spacer } from '../table/body.js';
import { type Measures, Scroll } from '../table/scroll.js';
import { ROW_PX, slice } from '../table/window.js';
import { useTrace } from './inspect.js';

export function LiveTrace({ filter }: { filter: string }) {
  const { trace, refusal, unseen } = useTrace(filter);
  return (
    <section aria-labelledby="trace-title">
      <h3 id="trace-title" tabIndex={-1}>
        Live trace
      </h3>
      <p class="quiet">{refusal === null ? counted(trace, unseen) : foreign(refusal)}</p>
      {trace === null || trace.lines.length === 0 ? null : <Lines of={trace.lines} />}
    </section>
  );
}

/** How many events there were, and how many of them are not shown. */
function counted(trace: Trace | null, unseen: number): string {
  if (trace === null) return 'Asking the service…';
  const { seen, dropped, lines } = trace;
  if (seen === 0) return 'Watching. A line appears with the next connection.';
  const parts = [
    `${integer(seen)} ${seen === 1 ? 'event' : 'events'} since this was opened`,
    ...(seen > lines.length ? [`the newest ${integer(MOST_LINES)} at most are shown`] : []),
    ...(dropped > 0 ? [`${integer(dropped)} dropped: too many at once`] : []),
    ...(unseen > 0 ? [`${integer(unseen)} more since the pause`] : []),
  ];
  return parts.join(' · ');
}

const COLUMNS = ['Time', 'Event', 'From → to', 'What'] as const;

/** Of many lines only those in sight are drawn, in rows that stay: a new line changes texts, and makes nothing anew. */
function Lines({ of }: { of: readonly Line[] }) {
  return (
    <Scroll labelledBy="trace-title">
      {(measures) => (
        <table>
          <caption class="sr-only">Events of this process, newest first</caption>
          <colgroup>
            {COLUMNS.map((word) => (
              <col key={word} />
            ))}
          </colgroup>
          <thead>
            <tr>
              {COLUMNS.map((word) => (
                <th key={word} scope="col">
                  {word}
                </th>
              ))}
            </tr>
          </thead>
          <Visible of={of} measures={measures} />
        </table>
      )}
    </Scroll>
  );
}

/** Whoever has scrolled down reads: then the lines stand still until he is back at the newest. */
function Visible({ of, measures: { top, height } }: { of: readonly Line[]; measures: Measures }) {
  const read = useRef(of);
  if (top === 0) read.current = of;
  const lines = read.current;
  const { first, end } = printing.value ? { first: 0, end: lines.length } : slice(lines.length, top, height);
  return (
    <>
      <Spacer px={first * ROW_PX} columns={COLUMNS.length} />
      <tbody>
        {lines.slice(first, end).map((line, at) => (
          <One key={first + at} line={line} />
        ))}
      </tbody>
      <Spacer px={(lines.length - end) * ROW_PX} columns={COLUMNS.length} />
    </>
  );
}

/** A place in the table; which line stands there changes. */
class One extends Component<{ line: Line }> {
  override shouldComponentUpdate({ line }: { line: Line }): boolean {
    return line !== this.props.line;
  }

  override render({ line: { event } }: { line: Line }) {
    const where = between(event);
    const what = whatOf(event);
    return (
      <tr>
        <td>{clock(event.time)}</td>
        <td class={event.type === 'failed' ? 'bad' : undefined}>{event.type}</td>
        <td title={where}>{where}</td>
        <td title={what}>{what}</td>
      </tr>
    );
  }
}

function between({ type, local, remote }: ConnectionEvent): string {
  return type === 'listen' ? endpoint(local) : `${endpoint(local)} → ${endpoint(remote)}`;
}

function whatOf({ type, errno, cause, end, durationMs, connectMs }: ConnectionEvent): string {
  const known = (label: string, ms: number | null) => (ms === null ? [] : `${label}${duration(ms)}`);
  switch (type) {
    case 'failed':
      return failureText(errno, cause) ?? UNKNOWN;
    case 'closed':
      return [end ?? [], known('lived ', durationMs)].flat().join(', ');
    default:
      return [known('in ', connectMs)].flat().join('');
  }
}
