/**
 * All about one row of the culprit table: who it is, what to change, its connections, its failures, what it does now.
 * Enters: the selected key. The focus moves in as it opens, and back as it closes. Called by app.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { FlowDetail } from '../../../src/protocol/detail.js';
import { failureWords } from '../../../src/protocol/failure-words.js';
import type { Group } from '../../../src/protocol/names.js';
import type { FailureRow, FlowRow } from '../../../src/protocol/rows.js';
import { findings, group, selected, showFlows } from '../../state/model.js';
import { concerns, eventFilter, rowFilter } from '../../state/subject.js';
import {
  clock,
  duration,
  endpoint,
  foreign,
  integer,
  processName,
  rate,
  UNKNOWN,
} from '../../text/format.js';
import { Copyable } from '../panels/copy.js';
import { DoNow, ForGood, Severity } from '../panels/diagnosis.js';
import { closeRow } from '../table/cursor.js';
import { Histogram } from './durations.js';
import { useDetail, useFailures, useRow } from './inspect.js';
import { LiveTrace } from './trace.js';

export function Drawer() {
  const key = selected.value;
  return key === null ? null : <Opened key={key} of={key} by={group.value} />;
}

function Opened({ of, by }: { of: string; by: Group | null }) {
  const row = useRow(by, of);
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <aside class="drawer panel" aria-labelledby="drawer-title" tabIndex={-1} ref={box}>
      <header>
        <h2 id="drawer-title">{row ? titleOf(row, by) : 'Row'}</h2>
        <button type="button" class="small" onClick={closeRow} title="Esc">
          Close
        </button>
      </header>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset groups inputs, this groups what scrolls */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by keyboard */}
      <div class="scroll" role="group" tabIndex={0} aria-labelledby="drawer-title">
        {row ? <About row={row} by={by} /> : <Missing isAsked={row === null} />}
      </div>
    </aside>
  );
}

function Missing({ isAsked }: { isAsked: boolean }) {
  return (
    <p class="empty">
      {isAsked
        ? 'Asking the service…'
        : 'There is no such row any more: it was folded into its program, or the service was restarted.'}
    </p>
  );
}

function titleOf(row: FlowRow, by: Group | null): string {
  const { process, program } = row;
  const name = process.pid === null ? (program ?? processName(process)) : processName(process);
  const who = `${foreign(name ?? 'unknown owner')}${process.pid === null ? '' : ` ${process.pid}`}`;
  const where = endpoint(row.destination);
  if (by === 'unit') return foreign(process.unit ?? 'no unit');
  if (by === 'netns') return `namespace ${row.netns ?? UNKNOWN}`;
  if (by === 'destination') return where;
  return by === 'program'
    ? foreign(program ?? 'unknown owner')
    : `${who} ${row.direction === 'in' ? '←' : '→'} ${where}`;
}

function About({ row, by }: { row: FlowRow; by: Group | null }) {
  const detail = useDetail(by === null ? row.key : null);
  return (
    <>
      {by === null ? null : <Members by={by} of={row.key} />}
      <Who row={row} detail={detail} grouped={by !== null} />
      <Advice row={row} />
      <Connections row={row} />
      {by === null ? <Times row={row} detail={detail} /> : null}
      {by === null ? <Failures row={row} /> : null}
      {by === null ? <Now row={row} /> : null}
    </>
  );
}

/** What the diagnosis says about this very process. */
function Advice({ row }: { row: FlowRow }) {
  const finding = findings.value.find((one) => one.resolved === null && concerns(row, one));
  if (finding === undefined) return null;
  return (
    <section aria-labelledby="advice-title">
      <h3 id="advice-title">Suggested fix</h3>
      <p>
        <Severity of={finding} /> <strong>{foreign(finding.title)}</strong>
      </p>
      {finding.doNow.map((remedy) => (
        <DoNow key={remedy.text} remedy={remedy} />
      ))}
      {finding.fixForGood.map((fix) => (
        <ForGood key={fix.text} fix={fix} />
      ))}
    </section>
  );
}

/** A sum has no command line, no trace: its flows have. */
function Members({ by, of }: { by: Group; of: string }) {
  const filter = rowFilter(by, of);
  if (filter === null) return null;
  return (
    <p>
      <button type="button" class="small" onClick={() => showFlows(filter)}>
        Show its flows
      </button>
    </p>
  );
}

interface WhoProps {
  row: FlowRow;
  detail: FlowDetail | null;
  /** What differs within a group is not said. */
  grouped: boolean;
}

function Who({ row, detail, grouped }: WhoProps) {
  const { process } = row;
  const facts: [string, string | null][] = [
    ['Executable', process.exe],
    ['Program', row.program],
    ['User', process.uid === null ? null : `${process.uid}${detail?.user ? ` (${detail.user})` : ''}`],
    ['Parents', parents(row, detail)],
    ['Unit', process.unit],
    ['Container', process.container],
    ['Cgroup', process.cgroup],
    ['Started', process.startTime === null ? null : new Date(process.startTime).toLocaleString()],
    ['Ended', process.exited === null ? null : process.exited ? 'yes' : 'no'],
    ['Namespace', row.netns === null ? null : String(row.netns)],
  ];
  const shown = facts.filter(([label, text]) => text !== null || (!grouped && label !== 'Container'));
  return (
    <Part id="who" title="Process">
      {process.cmdline === null ? null : <Copyable text={process.cmdline} label="the command line" />}
      <Facts of={shown} />
    </Part>
  );
}

/** Nearest first. */
function parents({ process }: FlowRow, detail: FlowDetail | null): string | null {
  const known = detail !== null && detail.ancestors.length > 0 ? detail.ancestors : [process.parent];
  const texts = known.flatMap(({ pid, comm }) =>
    pid === null && comm === null ? [] : `${comm ?? UNKNOWN} ${pid ?? ''}`.trim(),
  );
  return texts.length === 0 ? null : texts.join(' ← ');
}

function Connections({ row }: { row: FlowRow }) {
  const atLeast = row.lowerBound ? '≥ ' : '';
  const count = (value: number | null) => (value === null ? UNKNOWN : `${atLeast}${integer(value)}`);
  return (
    <Part id="connections" title="Connections">
      <Facts
        of={[
          ['Established now', count(row.established)],
          ['In TIME_WAIT', count(row.timeWait)],
          ['In other states, holding a port', row.direction === 'out' ? count(otherStates(row)) : null],
          ['Ports held', count(row.portsHeld)],
          ['Opened, since the start', count(row.opened)],
          ['Closed', count(row.closed)],
          ['Closed first by this side', count(row.closedFirst)],
          ['Failed', count(row.failed)],
          ['Older than the start', count(row.preexisting)],
          [
            'Opened, closed, failed per second',
            [row.openPerSec, row.closePerSec, row.failPerSec].map(rate).join(', '),
          ],
          ['Bytes sent, received', `${integer(row.bytesSent)}, ${integer(row.bytesReceived)}`],
          ['First and last seen', `${clock(row.firstSeen)}, ${clock(row.lastSeen)}`],
        ].filter((fact): fact is [string, string] => fact[1] !== null)}
      />
    </Part>
  );
}

/** Being opened or closed. */
function otherStates({ portsHeld, established, timeWait }: FlowRow): number | null {
  return portsHeld === null || established === null || timeWait === null
    ? null
    : Math.max(0, portsHeld - established - timeWait);
}

function Times({ row, detail }: { row: FlowRow; detail: FlowDetail | null }) {
  if (detail === null) return null;
  const { lifetimeMs, connectMs } = row;
  const middle = ({ p50, p99 }: FlowRow['lifetimeMs']) =>
    `half below ${duration(p50)}, 99 % below ${duration(p99)}`;
  return (
    <>
      <Part id="lifetimes" title="How long they lived">
        <p class="quiet">Over the last 10 s: {middle(lifetimeMs)}</p>
        <Histogram of={detail.lifetimeMs} what="Lifetimes" />
      </Part>
      {row.direction === 'in' ? null : (
        <Part id="connects" title="How long connect() took">
          <p class="quiet">Over the last 10 s: {middle(connectMs)}</p>
          <Histogram of={detail.connectMs} what="Durations of connect()" />
        </Part>
      )}
    </>
  );
}

function Failures({ row }: { row: FlowRow }) {
  const rows = useFailures(row);
  return (
    <Part id="last-failures" title="Last failures of this process">
      {rows === null || rows.length === 0 ? (
        <p class="quiet">{rows === null ? 'Asking the service…' : 'None.'}</p>
      ) : (
        <ul>
          {rows.map((one) => (
            <Failure key={one.key} of={one} />
          ))}
        </ul>
      )}
    </Part>
  );
}

function Failure({
  of: { call, destination, errno, cause, count, lastSeen, lowerBound },
}: {
  of: FailureRow;
}) {
  return (
    <li>
      <span class="bad">{failureWords(errno, cause)}</span>
      {` · ${call}() ${endpoint(destination)} ${errno ?? UNKNOWN} · ${lowerBound ? '≥ ' : ''}${integer(count)} times, last ${clock(lastSeen)}`}
    </li>
  );
}

function Now({ row }: { row: FlowRow }) {
  const filter = eventFilter(row);
  if (filter !== null) return <LiveTrace filter={filter} />;
  return (
    <Part id="trace" title="Live trace">
      <p class="quiet">
        {row.process.exited === true
          ? 'The process has ended: nothing more will come.'
          : 'Nobody knows whose these are.'}
      </p>
    </Part>
  );
}

function Part({ id, title, children }: { id: string; title: string; children: ComponentChildren }) {
  return (
    <section aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>{title}</h3>
      {children}
    </section>
  );
}

function Facts({ of }: { of: readonly (readonly [string, string | null])[] }) {
  return (
    <dl>
      {of.map(([label, text]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <bdi>{foreign(text)}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
