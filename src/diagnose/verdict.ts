/**
 * The one sentence about ports, made here and nowhere else: fine, running out (with countdown), out of ports,
 * recovered. In: what was said before, the tables, findings, time. Out: what is said now. Pure.
 */
import { byTightness, fullness, level, outlook, pressure } from '../forecast/outlook.js';
import type { BudgetRow, FailureRow, FindingRow, VerdictRow } from '../protocol/rows.js';
import { holderOf } from './holder.js';
import type { Tables } from './types.js';
import { clock, integer, percent, rate, seconds, where, whoOperates } from './words.js';

/** A failure shows that it goes on for this long, ms. */
const FAILING_MS = 3000;
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
  /** Failed for want of ports, lately. */
  readonly failing: readonly FailureRow[];
  readonly finding: string | null;
}

export function decide(previous: Verdict | null, tables: Tables, findings: readonly FindingRow[]): Verdict {
  const { time } = tables;
  const wanting = tables.failures.filter(
    ({ cause }) => cause === 'ports-exhausted' || cause === 'bind-pool-exhausted',
  );
  const failing = wanting.filter((row) => time - (row.lastSeen ?? 0) < FAILING_MS);
  const failed = wanting.reduce((sum, row) => sum + row.count, 0);
  const tightest = tightestOf(tables.budgets);
  const top = findings.find(({ resolved, severity }) => resolved === null && severity !== 'info');
  const now: Now = { tables, tightest, failing, finding: top?.key ?? null };
  const episode = episodeOf(previous, now, failed);
  const warned = warnedOf(previous, now);
  return { row: rowOf(previous, now, episode, warned), episode, failed, warned };
}

function tightestOf(budgets: readonly BudgetRow[]): BudgetRow | null {
  let tightest: BudgetRow | null = null;
  for (const row of budgets)
    if (row.limit !== null && (tightest === null || byTightness(row, tightest) < 0)) tightest = row;
  return tightest;
}

function isOut({ tightest, failing }: Now): boolean {
  return failing.length > 0 || (tightest !== null && outlook(tightest).state === 'out');
}

function episodeOf(previous: Verdict | null, now: Now, failed: number): Episode | null {
  const { time } = now.tables;
  const before = previous?.episode ?? null;
  const goesOn = before !== null && !before.over;
  if (isOut(now)) {
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
  const isEmpty = tightest !== null && outlook(tightest).state === 'out';
  return worstOf(failing)?.budget ?? (isEmpty ? tightest.key : null);
}

const worstOf = (failing: readonly FailureRow[]) =>
  [...failing].sort((a, b) => (b.perSec ?? 0) - (a.perSec ?? 0))[0];

/** Being out of ports is no warning any more, and none remains of it. */
function warnedOf(previous: Verdict | null, now: Now): Verdict['warned'] {
  const { tightest, tables } = now;
  const before = previous?.warned ?? null;
  if (isOut(now)) return null;
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
  const worst = worstOf(failing);
  // A scope may show failures and not their budget: then no other budget is what they are about.
  const known = tables.budgets.find(({ key }) => key === episode.budget);
  const isHidden = tables.isScoped && episode.budget !== null;
  const budget = known ?? (isHidden ? null : tightest);
  const perSec = failing.reduce((sum, row) => sum + (row.perSec ?? 0), 0);
  const call = worst?.call === 'bind' ? 'binds' : 'connects';
  const first = Math.min(...failing.map((row) => row.firstSeen ?? episode.began));
  const since = clock(Math.max(episode.began, Number.isFinite(first) ? first : 0));
  const fails =
    worst === undefined
      ? 'Nothing has failed lately, but the next connect would.'
      : `${rate(perSec)} ${call}/s fail since ${since} (${worst.errno}).`;
  return {
    level: 'critical',
    text: `Out of ports ${placeOf(budget, worst)}. ${fails}`,
    exhaustionSeconds: 0,
    budget: budget?.key ?? null,
  };
}

function placeOf(budget: BudgetRow | null, worst?: FailureRow): string {
  if (budget?.kind === 'bind-pool') return `for bind() on ${budget.source.address ?? 'any address'}`;
  const place = budget?.destination ?? worst?.destination;
  return place === undefined ? 'here' : `to ${where(place)}`;
}

/** @param at when the budget was read */
function running({ tables }: Now, budget: BudgetRow, at: number): Said {
  const next = outlook(budget);
  if (next.state !== 'running-out') {
    const text = `${percent(fullness(budget) ?? 0)} of the ports ${placeOf(budget)} are held, most by ${nameOfHolder(budget, tables)}.`;
    return { level: 'warning', text, exhaustionSeconds: null, budget: budget.key };
  }
  const left = Math.max(0, next.seconds - (tables.time - at) / 1000);
  const text = `At this rate ${nameOfHolder(budget, tables)} runs out of ports ${placeOf(budget)} in ${seconds(left)} (${clock(tables.time + left * 1000)}).`;
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
  const tight =
    tightest === null ? none : `Tightest budget: ${percent(pressure(tightest))} ${placeOf(tightest)}.`;
  return {
    level: 'ok',
    text: `Ports are fine. ${tight}`,
    exhaustionSeconds: tightest?.exhaustionSeconds ?? null,
    budget: tightest?.key ?? null,
  };
}
