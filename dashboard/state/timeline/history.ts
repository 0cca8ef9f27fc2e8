/**
 * What the page remembers of one budget, or of the totals: the service's fifteen minutes, continued second by second.
 * In: bodies of GET /api/v1/history. Out: one body, and how many seconds to ask for next. Pure.
 */
import type { Annotation, Column, HistoryBody } from '../../../src/protocol/history.js';
import { HISTORY_SECONDS } from '../../../src/protocol/names.js';

const STEP_MS = 1_000;
/** Seconds asked for again: the newest of them may not have been over. */
const OVERLAP = 5;
/** The same note, asked for twice, may differ in time by what the service's clock was corrected in between, ms. */
const SAME_NOTE_MS = 500;

/** Unix ms at which the last column ends. */
export const endOf = ({ from, seconds }: HistoryBody) => from + seconds * STEP_MS;

/** How many seconds to ask for when the service's clock shows `now`. */
export function lacking(body: HistoryBody | null, now: number): number {
  if (body === null) return HISTORY_SECONDS;
  const since = Math.ceil((now - endOf(body)) / STEP_MS) + OVERLAP;
  return Math.min(HISTORY_SECONDS, Math.max(OVERLAP, since));
}

/** `old` continued by `next`, at most fifteen minutes. What a restarted service does not know any more stays. */
export function continued(old: HistoryBody | null, next: HistoryBody): HistoryBody {
  if (old === null || old.budget !== next.budget || old.from >= endOf(next)) return next;
  const shift = Math.round((next.from - old.from) / STEP_MS);
  const end = Math.max(old.seconds, shift + next.seconds);
  const start = Math.max(Math.min(0, shift), end - HISTORY_SECONDS);
  const column = (before: Column, after: Column): Column =>
    Array.from({ length: end - start }, (_, i) => after[i + start - shift] ?? before[i + start] ?? null);
  return {
    ...next,
    from: old.from + start * STEP_MS,
    seconds: end - start,
    limit: column(old.limit, next.limit),
    timeWait: column(old.timeWait, next.timeWait),
    established: column(old.established, next.established),
    other: column(old.other, next.other),
    blocked: column(old.blocked, next.blocked),
    opensPerSec: column(old.opensPerSec, next.opensPerSec),
    failuresPerSec: failures(old, next, column),
    ...owners(old, next, column),
    annotations: notes(old.annotations, next.annotations, old.from + start * STEP_MS),
  };
}

type Join = (before: Column, after: Column) => Column;

/** A body names only the errnos that occurred in its time: of the others nothing failed in the seconds it recorded. */
function failures(old: HistoryBody, next: HistoryBody, column: Join): HistoryBody['failuresPerSec'] {
  const errnos = new Set([...Object.keys(old.failuresPerSec), ...Object.keys(next.failuresPerSec)]);
  const of = ({ failuresPerSec, timeWait }: HistoryBody, errno: string) =>
    failuresPerSec[errno] ?? timeWait.map((recorded) => (recorded === null ? null : 0));
  const joined = [...errnos].map((errno) => [errno, column(of(old, errno), of(next, errno))] as const);
  return Object.fromEntries(
    joined.filter(([, values]) => values.some((value) => value !== null && value > 0)),
  );
}

/** A body names only the programs that held a port in its time: others held none. */
function owners(old: HistoryBody, next: HistoryBody, column: Join): Pick<HistoryBody, 'owners'> {
  if (next.owners === undefined) return {};
  const known = [...next.owners, ...(old.owners ?? [])].map(({ program }) => program);
  const of = ({ owners, timeWait }: HistoryBody, wanted: string | null) =>
    owners?.find(({ program }) => program === wanted)?.held ??
    timeWait.map((recorded) => (recorded === null ? null : 0));
  const joined = [...new Set(known)].map((program) => ({
    program,
    held: column(of(old, program), of(next, program)),
  }));
  return { owners: joined.filter(({ held }) => held.some((ports) => ports !== null && ports > 0)) };
}

/** A note once seen is kept as it was. */
function notes(old: Annotation[], next: Annotation[], from: number): Annotation[] {
  const isKnown = (note: Annotation) =>
    old.some(
      ({ kind, text, time }) =>
        kind === note.kind && text === note.text && Math.abs(time - note.time) <= SAME_NOTE_MS,
    );
  return [...old, ...next.filter((note) => !isKnown(note))]
    .filter(({ time }) => time >= from)
    .sort((a, b) => a.time - b.time);
}
