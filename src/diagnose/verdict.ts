/**
 * The one sentence, decided here and nowhere else. It is about the worst incident that is open, with its numbers alone, and names the
 * others; without one it says that ports came back, that many are held, or that all is fine. In: the tables, incidents, findings of each
 * second. Out: the verdict's row. Keeps what was said last; the time is given.
 */

import { isPorts } from '../forecast/harm.js';
import { level, outlook, tightestOf } from '../forecast/outlook.js';
import { fineText, heldText } from '../forecast/outlook-words.js';
import { isBlockedByUnknown } from '../forecast/takers.js';
import type { BudgetRow, Change, FindingRow, IncidentRow, VerdictRow } from '../protocol/rows.js';
import { holderOf } from './holder.js';
import type { Account } from './incidents/incident.js';
import type { Subject } from './incidents/observation.js';
import { namedOf, othersText, type Sentence, sentenceOf } from './incidents/sentence.js';
import { StableText } from './incidents/stable-text.js';
import type { Tables } from './types.js';
import { clock, integer, namespaceOf, rate, seconds, where, whoOperates } from './words.js';

/** A warning is said when it lasts this long, and unsaid when it was gone for that long. */
const WARN_AFTER_MS = 1500;
const WARN_FOR_MS = 10_000;
/** How long a recovery is told. */
const RECOVERED_MS = 600_000;
/** An incident whose calls fail so many times as often takes the sentence of another; by so many per second at least. */
const CLEARLY = 2;
const CLEARLY_PER_SEC = 2;

export interface Situation {
  readonly tables: Tables;
  /** Of those that are not over, the worst first. */
  readonly accounts: readonly Account[];
  /** Over, the latest first. */
  readonly over: readonly IncidentRow[];
  /** What fails too seldom for an incident. */
  readonly slight: readonly Subject[];
  readonly findings: readonly FindingRow[];
}

export class Verdict {
  private readonly text = new StableText();
  private row: VerdictRow | null = null;
  private warned: { readonly first: number; readonly last: number; readonly budget: BudgetRow } | null = null;

  next(situation: Situation): VerdictRow {
    const { tables, findings } = situation;
    const open = situation.accounts.filter(({ row }) => row.state === 'open');
    const worst = this.worstOf(open);
    this.watchHeld(tables, worst !== null);
    const others = open.filter((account) => account !== worst).map(({ row }) => row);
    const made = worst === null ? this.calm(situation) : this.about(worst, others, situation);
    const { what, number, text, who, ...rest } = made;
    const said = this.text.next(`${what} ${open.length}`, [number], text, tables.time, who ?? '');
    const names = worst === null ? [] : [worst.row, ...namedOf(others)].map(({ key }) => key);
    const since = this.row?.level === made.level ? this.row.since : Math.round(tables.time);
    this.row = {
      key: 'verdict',
      ...rest,
      text: said,
      since,
      finding: findingOf(findings, worst?.row ?? null),
      incident: worst?.row.key ?? null,
      others: others.length,
      named: said === text ? names : (this.row?.named ?? names),
    };
    return this.row;
  }

  /** The one that was spoken of, unless another is of a worse kind, or clearly does more harm. */
  private worstOf(open: readonly Account[]): Account | null {
    const [first = null] = open;
    const before = open.find(({ row }) => row.key === this.row?.incident);
    if (first === null || before === undefined) return first;
    const isAsBad = before.row.severity === first.row.severity && before.row.kind === first.row.kind;
    return isAsBad && !isClearlyWorse(first.row, before.row) ? before : first;
  }

  private about(
    worst: Account,
    others: readonly IncidentRow[],
    { tables, over, accounts }: Situation,
  ): Sentence {
    const sentence = sentenceOf(worst, tables.time);
    const [back] = isPorts(worst.row.kind) ? [] : recoveredOf(accounts, over, tables.time);
    const free =
      back === undefined ? '' : `Ports are free again. ${worst.row.since > (back.until ?? 0) ? 'New: ' : ''}`;
    return { ...sentence, text: `${free}${sentence.text}${othersText(others, worst.row)}` };
  }

  /** Many ports that are held, by connections that are open: no incident, but said. */
  private watchHeld({ budgets, time }: Tables, isIncident: boolean): void {
    const tightest = tightestOf(budgets);
    if (isIncident) this.warned = null;
    else if (tightest !== null && level(tightest) !== 'fine')
      this.warned = { first: this.warned?.first ?? time, last: time, budget: tightest };
    else if (this.warned !== null && time - this.warned.last >= WARN_FOR_MS) this.warned = null;
  }

  private calm(situation: Situation): Sentence {
    const { tables, accounts, over } = situation;
    const [back, ...others] = recoveredOf(accounts, over, tables.time);
    const { warned } = this;
    const isFilling = warned !== null && outlook(warned.budget).state === 'running-out';
    if (warned !== null && !isFilling && warned.last - warned.first >= WARN_AFTER_MS)
      return held(warned.budget, tables);
    return back === undefined ? fine(situation) : recovered(back, others.length, tables);
  }
}

/** So much more that the sentence does not go back and forth between two that are much the same. */
const isClearlyWorse = (one: IncidentRow, other: IncidentRow) =>
  one.failPerSec > CLEARLY * other.failPerSec + CLEARLY_PER_SEC;

/** The finding that speaks for the incident; without one, what to read first. */
function findingOf(findings: readonly FindingRow[], incident: IncidentRow | null): string | null {
  const open = findings.filter(({ resolved, severity }) => resolved === null && severity !== 'info');
  const its = findings.find(
    (finding) => incident !== null && finding.incident === incident.key && !finding.part,
  );
  return incident === null ? (open[0]?.key ?? null) : (its?.key ?? null);
}

/** The incidents in which calls found no port and that ended lately, the latest first. */
function recoveredOf(
  accounts: readonly Account[],
  over: readonly IncidentRow[],
  time: number,
): readonly IncidentRow[] {
  const ended = [...accounts.map(({ row }) => row), ...over].filter(
    (row) => row.state !== 'open' && isPorts(row.kind) && row.severity === 'critical',
  );
  return ended
    .filter(({ until }) => time - (until ?? 0) <= RECOVERED_MS)
    .sort((a, b) => (b.until ?? 0) - (a.until ?? 0));
}

/** `Recovered at 14:09:23 after 6 min 51 s: ports to 10.77.0.9:5432 in blue; 121,340 connects failed. And 2 more recovered.` */
function recovered(row: IncidentRow, others: number, { budgets }: Tables): Sentence {
  const { since, until, failed, budget, changes } = row;
  const calls =
    failed === 0 ? 'no call failed' : `${integer(failed)} ${failed === 1 ? 'call' : 'connects'} failed`;
  const worked = changes.findLast(({ worked }) => worked === true);
  const end = changes.findLast(({ kind }) => kind === 'end');
  const reason = worked === undefined ? end && `${end.text}.` : workedText(worked);
  const why = reason === undefined ? '' : ` ${reason}`;
  const last = until ?? since;
  return {
    level: 'recovered',
    text: `Recovered at ${clock(last)} after ${seconds((last - since) / 1000)}: ${portsOf(row)}; ${calls}.${why}${moreText(others)}`,
    exhaustionSeconds: null,
    budget: budgets.some(({ key }) => key === budget) ? budget : (tightestOf(budgets)?.key ?? null),
    what: `${row.key} recovered ${(worked ?? end)?.time}`,
    number: 0,
  };
}

/** `ports to 10.77.0.9:5432 in blue`: the host's are those of the host. */
function portsOf(row: IncidentRow): string {
  const { kind, destination } = row;
  const ports = kind === 'bind-pool' ? 'ports for bind()' : `ports to ${where(destination)}`;
  return row.name === 'host' ? ports : `${ports} in ${namespaceOf(row)}`;
}

const moreText = (others: number) => (others === 0 ? '' : ` And ${integer(others)} more recovered.`);

/** `Fix worked: 90 → 0 failures/s, 5 s after tcp_tw_reuse 2 → 1.` */
function workedText({ failPerSecBefore, afterSeconds, text }: Change): string {
  if (failPerSecBefore === 0) return `Fix worked: nothing failed after ${text}.`;
  const after = afterSeconds === null ? 'after' : `${seconds(afterSeconds)} after`;
  return `Fix worked: ${rate(failPerSecBefore)} → 0 failures/s, ${after} ${text}.`;
}

/** Null: bind() of programs that are not known blocks most of the ports. */
function holderName(budget: BudgetRow, actors: Tables['actors']): string | null {
  if (isBlockedByUnknown(budget)) return null;
  const holder = holderOf(budget, actors);
  return holder === null ? 'somebody' : whoOperates(holder.process, holder.program);
}

function held(budget: BudgetRow, { actors }: Tables): Sentence {
  const who = holderName(budget, actors);
  return {
    level: 'warning',
    text: heldText(budget, who),
    who,
    exhaustionSeconds: null,
    budget: budget.key,
    what: `held ${budget.key}`,
    number: budget.used ?? 0,
  };
}

function fine({ tables, slight }: Situation): Sentence {
  const tightest = tightestOf(tables.budgets);
  const none = tables.isScoped ? 'The filter shows no budget.' : 'No outbound connection holds one.';
  const [few] = slight;
  const text = fineText(tightest, none);
  return {
    level: 'ok',
    text: few === undefined ? text : `${text} ${fewText(few, slight.length)}`,
    exhaustionSeconds: tightest?.exhaustionSeconds ?? null,
    budget: tightest?.key ?? null,
    what: `fine ${tightest?.key} ${few?.id}`,
    number: tightest?.used ?? 0,
  };
}

function fewText({ destination }: Subject, places: number): string {
  const more = places === 1 ? '' : `, and to ${integer(places - 1)} more`;
  return `A few connections to ${where(destination)}${more} fail.`;
}
