/** One connection event as a line for people, or as the lines that it takes on a screen. In: an event of the protocol, a style. Out: safe text. */
import { failureText, failureWords } from '../../protocol/failure-words.js';
import { bytes, clockMs, duration, endpoint, stampMs } from '../../protocol/format.js';
import type { ConnectionEvent } from '../../protocol/rows.js';
import { shortener } from './shorten.js';
import type { Style } from './style.js';
import { printable } from './text.js';
import { wrappedParts } from './wrap.js';

const TYPE_WIDTH = 'established'.length;
const PID_WIDTH = 7;
/** As wide as most names are: they stand in a column, and longer ones are whole. */
const NAME_WIDTH = 20;

/** What is too wide for a line goes on below its type. */
const INDENT = ' '.repeat('14:04:41.007  '.length);
const GAP = '  ';

/** Time, type, pid, name, direction, local → remote, and what is particular to the type. */
export function eventLine(event: ConnectionEvent, style: Style, columns = Number.POSITIVE_INFINITY): string {
  const { glyphs } = style;
  const name = bounded(event.process.name ?? glyphs.unknown, columns, glyphs.more);
  const [local = '', remote = ''] = [event.local, event.remote].map((at) =>
    safe(endpoint(at, glyphs.unknown), glyphs.unknown),
  );
  const parts = [
    timeOf(event, style),
    paint(event, style)(event.type.padEnd(TYPE_WIDTH)),
    String(event.process.pid ?? glyphs.unknown).padStart(PID_WIDTH),
    name.padEnd(NAME_WIDTH),
    (event.direction ?? glyphs.unknown).padEnd(3),
    event.type === 'listen' ? local : `${local} ${glyphs.arrow} ${remote}`,
    ...details(event, glyphs.arrow),
  ];
  return wrappedParts(parts, GAP, INDENT, columns).join('\n').trimEnd();
}

const bounded = (name: string, columns: number, more: string) => shortener([name], columns, more)(name);

/** The same where it is known whose they are: time, type, local port → remote, what is particular; short, since it may be cut. */
export function ownEventLine(event: ConnectionEvent, style: Style): string {
  const { glyphs } = style;
  const { port } = event.local;
  const remote = safe(endpoint(event.remote, glyphs.unknown), glyphs.unknown);
  const ends = event.type === 'listen' ? '' : `${event.direction === 'in' ? 'from' : glyphs.arrow} ${remote}`;
  const particular =
    event.type === 'failed'
      ? [printable(failureWords(event.errno, event.cause) ?? event.errno ?? '')]
      : details(event, glyphs.arrow);
  const where = [port === null ? '' : `:${port}`, ends].filter(Boolean).join(' ');
  const type = paint(event, style)(event.type.padEnd(TYPE_WIDTH));
  return [clockMs(event.time), type, where, ...particular].join('  ').trimEnd();
}

/** A line in a file or a pipe is read later: it says of which day and zone it is. */
function timeOf({ time }: ConnectionEvent, { width }: Style): string {
  return width === Number.POSITIVE_INFINITY ? stampMs(time) : clockMs(time);
}

function paint({ type }: ConnectionEvent, { colors }: Style): (text: string) => string {
  if (type === 'failed') return colors.red;
  return type === 'transition' || type === 'connect' ? colors.dim : (text) => text;
}

function details(event: ConnectionEvent, arrow: string): string[] {
  const known = (label: string, value: string | null) => (value === null ? [] : [label + printable(value)]);
  switch (event.type) {
    case 'transition':
      return [`${event.oldState ?? '?'} ${arrow} ${event.newState ?? '?'}`].map(printable);
    case 'failed':
      return [
        ...known('', failureText(event.errno, event.cause)),
        ...known('after ', duration(event.durationMs)),
      ];
    case 'closed':
      return [
        ...known('', event.end),
        ...known('lived ', duration(event.durationMs)),
        ...known('sent ', bytes(event.bytesSent)),
        ...known('received ', bytes(event.bytesReceived)),
        ...closedBy(event),
      ];
    default:
      return known('in ', duration(event.connectMs));
  }
}

/** Worth saying only when it was not the owner who closed. */
function closedBy({ closer, process }: ConnectionEvent): string[] {
  if (closer === null || closer.pid === null || closer.pid === process.pid) return [];
  return [`closed by ${closer.pid} ${printable(closer.name ?? '')}`.trimEnd()];
}

function safe(text: string | null, unknown: string): string {
  return text === null ? unknown : printable(text);
}
