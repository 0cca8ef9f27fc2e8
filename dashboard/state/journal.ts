/**
 * The event log: what happened, newest first, each thing once. In: rows, notes of the history, the link's changes.
 * Out: entries, all or of one namespace. Bounded. Pure.
 */

import type { Link } from '../../src/client/link.js';
import { failureWords } from '../../src/protocol/failure-words.js';
import type { Annotation, AnnotationKind } from '../../src/protocol/history.js';
import type { FailureRow, FindingRow, VerdictRow } from '../../src/protocol/rows.js';
import type { Tone } from '../../src/view/tone.js';
import { noteWords } from '../text/chart-words.js';
import { endpoint, foreign, place, seconds, UNKNOWN } from '../text/format.js';
import { findingWords, verdictWords } from '../text/words.js';

export interface Entry {
  /** The same thing reported twice has the same key. */
  key: string;
  /** Unix ms. */
  time: number;
  tone: Tone;
  glyph: string;
  word: string;
  text: string;
  /** The namespace that it is about; null: whoever looks at one wants to know it, too. */
  netnsId: string | null;
}

/** In place of a namespace's id: about the machine as a whole, which no single namespace is. */
export const MACHINE = '';

export type Journal = readonly Entry[];

/** Entries kept; the oldest go first. */
export const MOST_ENTRIES = 200;

/** The very same journal when none of the entries is new. */
export function record(journal: Journal, entries: readonly Entry[]): Journal {
  const known = new Set(journal.map(({ key }) => key));
  const fresh = entries.filter(({ key }) => !known.has(key));
  if (fresh.length === 0) return journal;
  const all = [...fresh, ...journal].sort((a, b) => b.time - a.time).slice(0, MOST_ENTRIES);
  const isSame = all.length === journal.length && all.every((entry, i) => entry === journal[i]);
  return isSame ? journal : all;
}

/** What concerns one namespace. @param netnsId undefined: there is no such namespace, or none is known yet */
export const within = (journal: Journal, netnsId: string | undefined): Journal =>
  journal.filter((entry) => entry.netnsId === null || entry.netnsId === netnsId);

/** A finding appears, and is resolved. */
export function ofFindings(rows: Iterable<FindingRow>): Entry[] {
  return [...rows].flatMap((row) => {
    const key = `finding ${row.key} ${row.since}`;
    const text = foreign(row.title);
    const { tone, glyph, word } = findingWords({ ...row, resolved: null });
    const { netnsId } = row;
    const begun = { key, time: row.since, tone, glyph, word, text, netnsId };
    if (row.resolved === null) return [begun];
    const ended = findingWords(row);
    return [begun, { ...ended, key: `${key} resolved`, time: row.resolved, text, netnsId }];
  });
}

/** The first of each kind: call, errno, cause, destination; whoever it happened to. */
export function ofFailures(rows: Iterable<FailureRow>): Entry[] {
  const first = new Map<string, FailureRow & { firstSeen: number }>();
  for (const row of rows) {
    if (row.firstSeen === null) continue;
    const key = `failure ${row.netnsId} ${row.call} ${row.errno} ${row.cause} ${endpoint(row.destination)}`;
    const before = first.get(key);
    if (before === undefined || row.firstSeen < before.firstSeen)
      first.set(key, { ...row, firstSeen: row.firstSeen });
  }
  return [...first].map(([key, row]) => ({
    key,
    time: row.firstSeen,
    tone: 'bad',
    glyph: '✗',
    word: 'First failure',
    text: failureText(row),
    netnsId: row.netnsId,
  }));
}

function failureText({ process, program, destination, call, errno, cause }: FailureRow): string {
  const pid = process.pid === null ? '' : ` (pid ${process.pid})`;
  const who = `${foreign(process.name ?? program)}${pid}`;
  return `${who} to ${place(destination)}: ${call}() ${errno ?? UNKNOWN}, ${failureWords(errno, cause)}`;
}

const NOTES: Partial<Record<AnnotationKind, { tone: Tone; glyph: string }>> = {
  'sysctl-change': { tone: 'warn', glyph: '⚙' },
  'events-lost': { tone: 'warn', glyph: '▲' },
};

/** All but first failures: the rows say those better. */
export function ofNotes(notes: readonly Annotation[]): Entry[] {
  return notes
    .filter(({ kind }) => kind !== 'first-failure')
    .map((note) => ({
      ...(NOTES[note.kind] ?? { tone: 'wait', glyph: '•' }),
      ...noteWords(note),
      key: `note ${note.time} ${note.kind} ${note.text}`,
      time: note.time,
      netnsId: note.netnsId,
    }));
}

/** Whenever the level changes. That ports are fine is no news by itself. @param netnsId what it is about */
export function ofVerdict(row: VerdictRow | null, netnsId: string = MACHINE): Entry[] {
  if (row === null || row.level === 'ok') return [];
  const { tone, glyph, word } = verdictWords(row);
  const key = `verdict ${netnsId} ${row.level} ${row.since}`;
  return [{ key, time: row.since, tone, glyph, word, text: foreign(row.text), netnsId }];
}

/** The link was lost, or is there again. */
export function ofLink(before: Link, next: Link, now: number): Entry[] {
  const key = `link ${next.phase} ${now}`;
  if (before.phase === 'open' && next.phase === 'lost')
    return [
      {
        key,
        time: next.since,
        tone: 'bad',
        glyph: '○',
        word: 'Connection lost',
        text: 'What is shown is old.',
        netnsId: null,
      },
    ];
  if (before.phase !== 'lost' || next.phase !== 'open') return [];
  const text = `After ${seconds((now - before.since) / 1000)}; what happened meanwhile is filled in as far as the service remembers it.`;
  const word = 'Connection resumed';
  return [{ key, time: now, tone: 'good', glyph: '●', word, text, netnsId: null }];
}

const EPOCH = 'epoch';
export const isRestart = ({ key }: Entry) => key.startsWith(`${EPOCH} `);

/** Another epoch is another run of the service. */
export function ofRestart(before: string | null, epoch: string, now: number): Entry[] {
  if (before === null || before === epoch) return [];
  const text = 'Counts begin anew; connections that are older have the owner that still holds them, or none.';
  const said = { tone: 'warn', glyph: '▲', word: 'Service restarted', text } as const;
  return [{ ...said, key: `${EPOCH} ${epoch}`, time: now, netnsId: null }];
}
