/** One row in full: process, states, durations, what it does right now. In: a scene. Out: lines. */

import { bytes, duration, endpoint, integer, rate, stamp } from '../../../protocol/format.js';
import { otherEnd } from '../../../protocol/parts/destination.js';
import type { FlowRow } from '../../../protocol/rows.js';
import { ownerName, pidsText, withPid, workloadText } from '../../../view/names.js';
import type { Style } from '../../screen/style.js';
import type { Scene } from '../scene.js';
import { type Line, span } from '../tty/cells.js';
import { wrapped } from './lines.js';
import { traceLines } from './trace.js';

/** Its connections have at least as many lines, title included. */
const TRACE_LINES = 6;

/** What it is above, as far as scrolled; what it does right now below, always in sight. */
export function detailLines(scene: Scene, width: number, height: number, style: Style): Line[] {
  const row = scene.flows.find(({ key }) => key === scene.state.selected);
  if (row === undefined) return [[span('  The row has gone. Esc goes back.', 'dim')]];
  const facts = factLines(row, scene, width);
  const room = Math.min(facts.length, Math.max(1, height - TRACE_LINES));
  const first = Math.max(0, Math.min(scene.state.scroll, facts.length - room));
  return [...facts.slice(first, first + room), ...traceLines(row, scene, width, height - room, style)];
}

function factLines(row: FlowRow, { aside, glyphs, now }: Scene, width: number): Line[] {
  const { process, destination, direction } = row;
  const detail = aside?.key === row.key ? aside.detail : null;
  const arrow = direction === 'in' ? ' accepted on ' : ` ${glyphs.arrow} `;
  const title = `${withPid(ownerName(row), process.pid)}${arrow}${endpoint(destination) ?? ''}`;
  const facts: [string, string | null][] = [
    ['other end', otherEnd(destination)],
    ['service', destination.service],
    ['command', process.cmdline],
    ['program', row.program],
    ['pids', row.pids === null ? null : pidsText(row.pids)],
    ['user', process.uid === null ? null : `${process.uid}${detail?.user ? ` (${detail.user})` : ''}`],
    ['parents', parentsText(row, detail?.ancestors ?? [])],
    ['unit', process.unit],
    ['container', process.container],
    ['image', process.image],
    ['pod', process.pod],
    ['workload', workloadText(process)],
    ['namespace', row.netns === null ? null : String(row.netns)],
    ['started', process.startTime === null ? null : stamp(process.startTime)],
    ['ports', portsText(row)],
    ['since start', totalsText(row)],
    ['per second', ratesText(row, glyphs.unknown)],
    ['lived', quantiles(row.lifetimeMs)],
    ['connect took', quantiles(row.connectMs)],
    [
      'bytes',
      row.bytesSent === null ? null : `${bytes(row.bytesSent)} sent, ${bytes(row.bytesReceived)} received`,
    ],
    ['last seen', row.lastSeen === null ? null : `${duration(Math.max(0, now - row.lastSeen))} ago`],
  ];
  const known = facts.filter((fact): fact is [string, string] => fact[1] !== null);
  return [[span(`  ${title}`, 'bold')], ...known.flatMap(([label, value]) => factLine(label, value, width))];
}

const LABEL = 15;

function factLine(label: string, value: string, width: number): Line[] {
  const lines = wrapped(value, width - LABEL);
  return lines
    .slice(0, 3)
    .map((line, at) => [span(`  ${(at === 0 ? label : '').padEnd(LABEL - 2)}`, 'dim'), span(line)]);
}

function parentsText({ process }: FlowRow, ancestors: FlowRow['process']['parent'][]): string | null {
  const known = ancestors.length > 0 ? ancestors : [process.parent];
  const texts = known.flatMap(({ pid, comm }) => (pid === null && comm === null ? [] : [withPid(comm, pid)]));
  return texts.length === 0 ? null : texts.join(' < ');
}

function portsText({ portsHeld, timeWait, established, direction }: FlowRow): string | null {
  const parts = [
    ...(direction === 'out' ? [`${integer(portsHeld) ?? '?'} held`] : []),
    `${integer(timeWait) ?? '?'} in TIME_WAIT`,
    `${integer(established) ?? '?'} established`,
  ];
  return parts.join(', ');
}

function ratesText({ openPerSec, closePerSec, failPerSec }: FlowRow, unknown: string): string {
  const [opened, closed, failed] = [openPerSec, closePerSec, failPerSec].map((one) => rate(one) ?? unknown);
  return `${opened} opened, ${closed} closed, ${failed} failed`;
}

function totalsText({ opened, closed, closedFirst, failed, lowerBound }: FlowRow): string {
  const least = lowerBound ? 'at least ' : '';
  return `${least}${integer(opened) ?? '?'} opened, ${integer(closed) ?? '?'} closed (${integer(closedFirst) ?? '?'} by this side first), ${integer(failed) ?? '?'} failed`;
}

function quantiles({ p50, p99 }: FlowRow['lifetimeMs']): string | null {
  return p50 === null
    ? null
    : `${duration(p50)} (half of them), ${duration(p99) ?? '?'} (99 %), over the last 10 s`;
}
