/** The live trace of a process: what it connects, accepts, closes, as it happens. In: a filter. */
import { Component } from 'preact';
import { failureText } from '../../../src/protocol/failure-words.js';
import type { ConnectionEvent } from '../../../src/protocol/rows.js';
import { type Line, MOST_LINES, type Trace } from '../../state/trace.js';
import { clock, duration, endpoint, foreign, integer, UNKNOWN } from '../../text/format.js';
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

function Lines({ of }: { of: readonly Line[] }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset groups inputs, this groups what scrolls
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by keyboard
    <div class="scroll" role="group" tabIndex={0} aria-labelledby="trace-title">
      <table>
        <caption class="sr-only">Events of this process, newest first</caption>
        <colgroup>
          <col />
          <col />
          <col />
          <col />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Event</th>
            <th scope="col">From → to</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {of.map((line) => (
            <One key={line.number} line={line} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A line never changes once it is drawn. */
class One extends Component<{ line: Line }> {
  override shouldComponentUpdate(): boolean {
    return false;
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
