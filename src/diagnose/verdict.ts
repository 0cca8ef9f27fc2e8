/**
 * The one sentence about ports, decided here and nowhere else: fine, running out (with countdown), out of ports, recovered. Its
 * words: forecast/outlook-words.ts. In: what was said before, the tables, findings, time. Out: what is said now. Pure.
 */
import { byPlace, failingNow, isOut, level, outlook, tightestOf, wantingPorts } from '../forecast/outlook.js';
import { fineText, heldText, outOfPortsText, runningOutText } from '../forecast/outlook-words.js';
import type { BudgetRow, FailureRow, FindingRow, VerdictRow } from '../protocol/rows.js';
import { holderOf } from './holder.js';
import type { Tables } from './types.js';
import { clock, integer, seconds, whoOperates } from './words.js';

/** Without failures and with free ports for this long: recovered. */
const CALM_MS = 5000;
/** A warning is said when it lasts this long, and unsaid when it was gone for that long. */
const WARN_AFTER_MS = 1500;
const WARN_FOR_MS = 10_000;
/** How long a recovery is told. */
const RECOVERED_MS = 600_000;

/** From the first moment without ports to the last. */
interface Episode {
  readonly began: number;
  readonly last: number;
  /** Failed calls before it, and so far. */
  readonly before: number;
  readonly failed: number;
  /** Key of the budget that last had none; null: not known. */
  readonly budget: string | null;
  readonly over: boolean;
}

export interface Verdict {
  readonly row: VerdictRow;
  readonly episode: Episode | null;
  /** Failed calls for want of ports that the table counted last. */
  readonly failed: number;
  readonly warned: { readonly first: number; readonly last: number; readonly budget: BudgetRow } | null;
}

interface Now {
  readonly tables: Tables;
  readonly tightest: BudgetRow | null;
  /** What fails for want of ports now, the fastest first. */
  readonly failing: readonly FailureRow[];
  readonly finding: string | null;
}

export function decide(previous: Verdict | null, tables: Tables, findings: readonly FindingRow[]): Verdict {
  const { time } = tables;
  const failing = failingNow(tables.failures, time);
  const failed = wantingPorts(tables.failures).reduce((sum, row) => sum + row.count, 0);
  const tightest = tightestOf(tables.budgets);
  const top = findings.find(({ resolved, severity }) => resolved === null && severity !== 'info');
  const now: Now = { tables, tightest, failing, finding: top?.key ?? null };
  const episode = episodeOf(previous, now, failed);
  const warned = warnedOf(previous, now);
  return { row: rowOf(previous, now, episode, warned), episode, failed, warned };
}

function isOutOfPorts({ tightest, failing }: Now): boolean {
  return failing.length > 0 || isOut(tightest);
}

function episodeOf(previous: Verdict | null, now: Now, failed: number): Episode | null {
  const { time } = now.tables;
  const before = previous?.episode ?? null;
  const goesOn = before !== null && !before.over;
  if (isOutOfPorts(now)) {
    const base = goesOn ? before.before : (previous?.failed ?? 0);
    return {
      began: goesOn ? before.began : time,
      last: time,
      before: base,
      failed: Math.max(0, failed - base),
      budget: emptyBudget(now) ?? (goesOn ? before.budget : null),
      over: false,
    };
  }
  if (before === null || time - before.last > RECOVERED_MS) return null;
  return time - before.last >= CALM_MS ? { ...before, over: true } : before;
}

/** What most calls fail for; or what the next one would. */
function emptyBudget({ tightest, failing }: Now): string | null {
  return failing[0]?.budget ?? (isOut(tightest) ? (tightest?.key ?? null) : null);
}

/** Being out of ports is no warning any more, and none remains of it. */
function warnedOf(previous: Verdict | null, now: Now): Verdict['warned'] {
  const { tightest, tables } = now;
  const before = previous?.warned ?? null;
  if (isOutOfPorts(now)) return null;
  if (tightest !== null && level(tightest) !== 'fine')
    return { first: before?.first ?? tables.time, last: tables.time, budget: tightest };
  return before !== null && tables.time - before.last < WARN_FOR_MS ? before : null;
}

function rowOf(
  previous: Verdict | null,
  now: Now,
  episode: Episode | null,
  warned: Verdict['warned'],
): VerdictRow {
  const said = sentence(now, episode, warned);
  const since = previous?.row.level === said.level ? previous.row.since : now.tables.time;
  return { key: 'verdict', ...said, since: Math.round(since), finding: now.finding };
}

type Said = Pick<VerdictRow, 'level' | 'text' | 'exhaustionSeconds' | 'budget'>;

function sentence(now: Now, episode: Episode | null, warned: Verdict['warned']): Said {
  if (episode !== null && !episode.over) return outOfPorts(now, episode);
  if (warned !== null && warned.last - warned.first >= WARN_AFTER_MS)
    return running(now, warned.budget, warned.last);
  if (episode !== null) return recovered(now, episode);
  return fine(now);
}

function outOfPorts({ tables, tightest, failing }: Now, episode: Episode): Said {
  // A scope may show failures and not their budget: then no other budget is what they are about.
  const known = tables.budgets.find(({ key }) => key === episode.budget);
  const isHidden = tables.isScoped && episode.budget !== null;
  const budget = known ?? (isHidden ? null : tightest);
  const first = Math.min(...byPlace(failing).here.map((row) => row.firstSeen ?? episode.began));
  const since = clock(Math.max(episode.began, Number.isFinite(first) ? first : 0));
  return {
    level: 'critical',
    text: outOfPortsText(budget ?? failing[0] ?? null, failing, since),
    exhaustionSeconds: 0,
    budget: budget?.key ?? null,
  };
}

/** @param at when the budget was read */
function running({ tables }: Now, budget: BudgetRow, at: number): Said {
  const next = outlook(budget);
  if (next.state !== 'running-out') {
    const text = heldText(budget, nameOfHolder(budget, tables));
    return { level: 'warning', text, exhaustionSeconds: null, budget: budget.key };
  }
  const left = Math.max(0, next.seconds - (tables.time - at) / 1000);
  const text = runningOutText(budget, nameOfHolder(budget, tables), left, tables.time);
  return { level: 'warning', text, exhaustionSeconds: Math.round(left * 10) / 10, budget: budget.key };
}

function nameOfHolder(budget: BudgetRow, { actors }: Tables): string {
  const holder = holderOf(budget, actors);
  return holder === null ? 'somebody' : whoOperates(holder.process, holder.program);
}

/** What it was about, as long as that is there. */
function recovered({ tables, tightest }: Now, { began, last, failed, budget }: Episode): Said {
  const calls =
    failed === 0 ? 'no call failed' : `${integer(failed)} ${failed === 1 ? 'call' : 'connects'} failed`;
  const text = `Recovered at ${clock(last)} after ${seconds((last - began) / 1000)}; ${calls}.`;
  const known = tables.budgets.some(({ key }) => key === budget) ? budget : (tightest?.key ?? null);
  return { level: 'recovered', text, exhaustionSeconds: null, budget: known };
}

function fine({ tables, tightest }: Now): Said {
  const none = tables.isScoped ? 'The filter shows no budget.' : 'No outbound connection holds one.';
  return {
    level: 'ok',
    text: fineText(tightest, none),
    exhaustionSeconds: tightest?.exhaustionSeconds ?? null,
    budget: tightest?.key ?? null,
  };
}
