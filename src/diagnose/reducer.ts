/**
 * Candidates of one second to findings that stay: what lasts appears, what is gone for a while resolves, what wavers
 * does neither. In: what was watched, candidates, time. Out: what is watched, and rows of it. Pure.
 */
import type { FindingRow, Remedy, Severity } from '../protocol/rows.js';
import type { Silence } from './rules/silence.js';
import type { Advice, Candidate } from './types.js';

/** Without evidence for this long a finding is resolved. */
const RESOLVE_MS = 15_000;
/** The same where its evidence ended with a change of settings: that is why, and it does not waver. */
const RESOLVE_CHANGED_MS = 4000;
/** And where nothing was tried for ten seconds, unless it has come back from that before. */
const RESOLVE_SILENT_MS = 2500;
/** Evidence that ends within this of a change, before and after, ended with it: rates are of the last ten seconds. */
const BEFORE_MS = 2500;
const AFTER_MS = 10_000;
/** A finding goes on as severe as its worst moment within this. */
const CALM_MS = 10_000;
/** Evidence may miss a beat while it gathers. */
const GATHER_GAP_MS = 2500;
/** A resolved finding is shown for this long. */
const KEEP_MS = 600_000;
/** Findings at once; the least severe are left out. */
const MOST = 100;

export interface Watched {
  readonly candidate: Candidate;
  /** Evidence since, and last. */
  readonly first: number;
  readonly last: number;
  /** Since when it is shown; null: not yet. */
  readonly since: number | null;
  readonly resolved: number | null;
  /** It was resolved, and its evidence came back within the time that it takes where something is still tried. */
  readonly wavers: boolean;
  /** Since when it is so severe without a break; never: it is not. */
  readonly criticalFrom: number;
  readonly warningFrom: number;
  /** Last moment at which it had been so severe for as long as it takes to be shown. */
  readonly criticalAt: number;
  readonly warningAt: number;
}
export type Watch = ReadonlyMap<string, Watched>;

const NEVER = Number.NEGATIVE_INFINITY;
const NOT_NOW = Number.POSITIVE_INFINITY;

/**
 * @param time Unix ms, never less than in the call before
 * @param changed when settings of a namespace changed last, Unix ms. @param isSilent nothing is tried any more where it was
 */
export function reduce(
  previous: Watch,
  candidates: readonly Candidate[],
  time: number,
  changed: ReadonlyMap<string | null, number> = new Map(),
  isSilent: Silence = () => false,
): Watch {
  const next = new Map<string, Watched>();
  for (const candidate of worst(candidates)) {
    const before = previous.get(candidate.key);
    if (!candidate.onlyGoesOn || isShown(before)) next.set(candidate.key, seen(before, candidate, time));
  }
  for (const [key, watched] of previous) {
    const kept = next.has(key) ? null : unseen(watched, time, { changed, isSilent });
    if (kept !== null) next.set(key, kept);
  }
  return next;
}

const isShown = (watched: Watched | undefined) =>
  watched !== undefined && watched.since !== null && watched.resolved === null;

function worst(candidates: readonly Candidate[]): readonly Candidate[] {
  if (candidates.length <= MOST) return candidates;
  return [...candidates].sort(bySeverity).slice(0, MOST);
}

function seen(before: Watched | undefined, candidate: Candidate, time: number): Watched {
  const goesOn = before !== undefined && before.resolved === null;
  const first = goesOn ? before.first : time;
  const due = time - first >= candidate.appearAfter * 1000;
  const critical = candidate.severity === 'critical';
  const warning = critical || candidate.severity === 'warning';
  const criticalFrom = critical ? Math.min(goesOn ? before.criticalFrom : NOT_NOW, time) : NOT_NOW;
  const warningFrom = warning ? Math.min(goesOn ? before.warningFrom : NOT_NOW, time) : NOT_NOW;
  const lasts = (from: number) => time - from >= candidate.appearAfter * 1000;
  return {
    candidate,
    first,
    last: time,
    since: goesOn && before.since !== null ? before.since : due ? first : null,
    resolved: null,
    wavers: before !== undefined && (before.wavers || (!goesOn && time - before.last <= RESOLVE_MS)),
    criticalFrom,
    warningFrom,
    criticalAt: lasts(criticalFrom) ? time : goesOn ? before.criticalAt : NEVER,
    warningAt: lasts(warningFrom) ? time : goesOn ? before.warningAt : NEVER,
  };
}

interface Ending {
  readonly changed: ReadonlyMap<string | null, number>;
  readonly isSilent: Silence;
}

/** Null: forgotten. */
function unseen(watched: Watched, time: number, ending: Ending): Watched | null {
  const { last, since, resolved } = watched;
  if (since === null) return time - last > GATHER_GAP_MS ? null : watched;
  if (resolved !== null) return time - resolved > KEEP_MS ? null : watched;
  return time - last > lastsMs(watched, ending) ? { ...watched, resolved: time } : watched;
}

/** How long it stays without evidence. */
function lastsMs({ candidate, last, wavers }: Watched, { changed, isSilent }: Ending): number {
  if (!wavers && isSilent(candidate)) return RESOLVE_SILENT_MS;
  const changedAt = changed.get(candidate.netnsId);
  const endedWith = changedAt !== undefined && last >= changedAt - BEFORE_MS && last <= changedAt + AFTER_MS;
  return endedWith ? RESOLVE_CHANGED_MS : RESOLVE_MS;
}

/** What is shown, the most important first. */
export function findingRows(watch: Watch, time: number): FindingRow[] {
  const shown = [...watch.values()].filter(({ since }) => since !== null);
  const ranked = shown.map((watched) => ({ watched, severity: severityNow(watched, time) })).sort(byRank);
  return ranked.map(({ watched, severity }, i) => rowOf(watched, severity, i + 1));
}

interface Ranked {
  watched: Watched;
  severity: Severity;
}

function severityNow({ candidate, criticalAt, warningAt, resolved }: Watched, time: number): Severity {
  if (resolved !== null) return candidate.severity;
  if (time - criticalAt < CALM_MS) return 'critical';
  return time - warningAt < CALM_MS ? 'warning' : 'info';
}

const WEIGHT: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };

function byRank(a: Ranked, b: Ranked): number {
  const [x, y] = [a.watched, b.watched];
  return (
    Number(x.resolved !== null) - Number(y.resolved !== null) ||
    (y.resolved ?? 0) - (x.resolved ?? 0) ||
    WEIGHT[a.severity] - WEIGHT[b.severity] ||
    byHarm(x.candidate, y.candidate)
  );
}

function bySeverity(a: Candidate, b: Candidate): number {
  return WEIGHT[a.severity] - WEIGHT[b.severity] || byHarm(a, b);
}

/** Causes before effects; then what weighs more, in steps, so that rows do not change places all the time. */
function byHarm(a: Candidate, b: Candidate): number {
  const step = ({ weight }: Candidate) => Math.round(Math.log2(1 + weight * 100) * 2);
  return a.priority - b.priority || step(b) - step(a) || (a.key < b.key ? -1 : 1);
}

function rowOf({ candidate, since, resolved }: Watched, severity: Severity, rank: number): FindingRow {
  const {
    priority: _,
    weight: __,
    appearAfter: ___,
    onlyGoesOn: ____,
    evidence,
    doNow,
    fixForGood,
    findLine,
    ...shown
  } = candidate;
  return {
    ...shown,
    rank,
    severity,
    evidence: [...evidence],
    doNow: doNow.map(remedyOf),
    fixForGood: fixForGood.map(({ text, snippet, language }) => ({ text, snippet, language })),
    findLine: [...findLine],
    since: Math.round(since ?? 0),
    resolved: resolved === null ? null : Math.round(resolved),
    incident: null,
    part: false,
  };
}

function remedyOf({ text, command, undo, effect, persistence, snippet, language }: Advice): Remedy {
  return { text, command, undo, effect, persistence, snippet: snippet ?? null, language: language ?? null };
}
