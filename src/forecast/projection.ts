/**
 * What would be if: a budget under other settings. In: rows as clients have them, the changes. Out: limit, where it
 * settles, when it runs out. The same model as the forecast of budget rows (aggregate/forecast.ts), fed from what rows
 * show. Pure.
 */

import { tenths } from '../protocol/format.js';
import type { BudgetRow, FlowRow, TotalsRow } from '../protocol/rows.js';
import { standing } from './demand.js';
import { exhaustionSeconds, type ForecastInput, heldOver } from './exhaustion.js';
import { choosesByBind, NEVER, reuseRule, TIME_WAIT_MS } from './reuse.js';

export interface Changes {
  /** Inclusive; null: as it is. */
  readonly range: readonly [number, number] | null;
  readonly twReuse: number | null;
  /** Addresses over which connections are spread, this one included. */
  readonly sources: number;
  readonly destinations: number;
  /** Of new connections, those that would not be made: 0 to 1. */
  readonly reused: number;
}

export const UNCHANGED: Changes = { range: null, twReuse: null, sources: 1, destinations: 1, reused: 0 };

/** What is known of the connections toward a place. */
export type Stream = Pick<FlowRow, 'openPerSec' | 'closePerSec' | 'closed' | 'closedFirst' | 'lifetimeMs'>;

export interface Projection {
  /** Ports there are, over all addresses. */
  readonly limit: number;
  /** Ports per pair of addresses. */
  readonly limitEach: number;
  /** What asks for a port per second over all addresses; retries of those that got none included. */
  readonly demandPerSec: number;
  /** Calls fail for want of a port: a program may wait before it tries again, and want more than it asks for now. */
  readonly isLowerBound: boolean;
  /** Of these, what gets one now. */
  readonly openPerSec: number;
  readonly reuse: BudgetRow['reuse'];
  /** Ports held per pair of addresses when nothing changes any more. */
  readonly settlesAt: number;
  /** Ports per pair of addresses that this demand needs. */
  readonly neededPorts: number;
  /**
   * The same for the connections that get a port: much less where programs try again and again in a tight loop. Null: not so,
   * the demand is what they want.
   */
  readonly neededPortsLeast: number | null;
  /** Null: never within the hour. */
  readonly exhaustionSeconds: number | null;
}

/** All that a projection is made of. */
interface Case {
  readonly limitEach: number;
  readonly places: number;
  readonly opens: number;
  readonly demand: number;
  /** Some of it finds no port. */
  readonly refused: boolean;
  readonly live: number;
  readonly stream: ReturnType<typeof streamOf>;
  readonly rule: ReturnType<typeof ruleOf>;
  readonly forecast: ForecastInput;
}

type Asked = [budget: BudgetRow, flows: readonly Stream[], totals: TotalsRow, changes: Changes];

/**
 * Ports held, blocked ones among them, at each second from now on, per pair of addresses: how it goes on from what is held now. Null: the
 * namespace's settings are not known yet.
 */
export function courseOf(seconds: number, ...asked: Asked): number[] | null {
  const found = caseOf(...asked);
  const blocked = asked[0].blocked ?? 0;
  return found && heldOver(found.forecast, seconds).map((ports) => Math.round(ports + blocked));
}

function caseOf(...[budget, flows, totals, changes]: Asked): Case | null {
  const range = changes.range ?? totals.portRange;
  if (range === null) return null;
  const limitEach = Math.max(0, range[1] - range[0] + 1 - (totals.reservedPorts ?? 0));
  /* Ports that bind() chooses are of all destinations together. */
  const places = changes.sources * (choosesByBind(budget) ? 1 : changes.destinations);
  const opens = (budget.openPerSec ?? 0) * (1 - changes.reused);
  const refused = (budget.demandPerSec ?? 0) > (budget.openPerSec ?? 0);
  const asked = Math.max(opens, (budget.demandPerSec ?? 0) * (1 - changes.reused));
  /* Ports do not run out of less than they allow: whoever asks for less while calls fail waits before the next try. */
  const demand = refused ? Math.max(asked, through(budget, opens, changes)) : asked;
  const stream = streamOf(flows, demand, refused, places);
  const rule = ruleOf(budget, totals, changes);
  const live = (budget.established ?? 0) + (budget.other ?? 0);
  const releases = releasesOf(budget, rule.holdMs / 1000);
  const sure = limitEach - ((range[1] - range[0] + 1) % 2 === 1 && limitEach > 1 ? 1 : 0);
  const forecast = {
    limit: Math.max(0, sure - (budget.blocked ?? 0)),
    live,
    waiting: releases.reduce((sum, ports) => sum + ports, 0),
    ...stream,
    releases,
    waitSeconds: rule.holdMs / 1000,
  };
  return { limitEach, places, opens, demand, refused, live, stream, rule, forecast };
}

/** Null: the namespace's settings are not known yet. */
export function project(...asked: Asked): Projection | null {
  const found = caseOf(...asked);
  if (found === null) return null;
  const [budget, , , changes] = asked;
  const { limitEach, places, opens, demand, refused, live, stream, rule } = found;
  const { waitShare, lifetimeSeconds } = stream;
  const holdSeconds = (lifetimeSeconds ?? 0) + (waitShare * rule.holdMs) / 1000;
  const pool = standing({ live, openPerSec: demand, lifetimeSeconds });
  const least = through(budget, opens, changes);
  const isLoop = demand > opens * (1 + RETRY_LOOP) && least < demand;
  const settlesAt = Math.round(pool + (demand / places) * holdSeconds);
  const seconds = exhaustionOf(found.forecast, settlesAt);
  const needed = (perSecond: number) =>
    Math.ceil(pool + (perSecond / places) * holdSeconds + (budget.blocked ?? 0));
  return {
    limit: limitEach * places,
    limitEach,
    demandPerSec: tenths(demand),
    openPerSec: tenths(opens),
    reuse: rule.reuse,
    settlesAt,
    neededPorts: needed(demand),
    isLowerBound: refused && !isLoop,
    neededPortsLeast: isLoop ? needed(least) : null,
    exhaustionSeconds: seconds === null ? null : tenths(seconds),
  };
}

/** What would settle above the ports that there are runs out, however little it is too much. */
function exhaustionOf(forecast: ForecastInput, settlesAt: number): number | null {
  const seconds = exhaustionSeconds(forecast);
  return seconds === null && settlesAt > forecast.limit
    ? exhaustionSeconds({ ...forecast, expected: true })
    : seconds;
}

/** So many refusals for each open are a loop that tries again at once, and say little of what the program wants. */
const RETRY_LOOP = 5;

/**
 * What gets a port in the long run: ports that were taken at once come back at once a minute later, and nothing opens between.
 */
function through({ sustainablePerSec }: BudgetRow, opens: number, { reused }: Changes): number {
  return Math.max(opens, (sustainablePerSec ?? 0) * (1 - reused));
}

/**
 * What each place gets of the stream. @param refused some found no port: how fast connections close now says nothing of how fast
 * they would
 */
function streamOf(flows: readonly Stream[], openPerSec: number, refused: boolean, places: number) {
  const sum = (of: (row: Stream) => number | null) => flows.reduce((all, row) => all + (of(row) ?? 0), 0);
  const opens = sum((row) => row.openPerSec);
  const factor = opens > 0 ? openPerSec / opens / places : 1 / places;
  const closed = sum((row) => row.closed);
  const most = [...flows].sort((a, b) => (b.openPerSec ?? 0) - (a.openPerSec ?? 0));
  const p50 = most.find((row) => row.lifetimeMs.p50 !== null)?.lifetimeMs.p50 ?? null;
  return {
    openPerSec: openPerSec / places,
    closePerSec: refused ? null : sum((row) => row.closePerSec) * factor,
    lifetimeSeconds: p50 === null ? (refused ? 0 : null) : p50 / 1000,
    waitShare: closed > 0 ? Math.min(1, sum((row) => row.closedFirst) / closed) : 1,
  };
}

function ruleOf(budget: BudgetRow, totals: TotalsRow, { twReuse }: Changes) {
  if (choosesByBind(budget)) return NEVER;
  const { tcpTimestamps, tcpTwReuseDelayMs } = totals;
  const facts = { tcpTwReuse: twReuse ?? totals.tcpTwReuse, tcpTimestamps, tcpTwReuseDelayMs };
  return reuseRule(facts, budget.source.address, budget.destination.address);
}

/** Ports given back in each second from now; an entry that may be taken over already holds none. */
function releasesOf({ releasing }: BudgetRow, holdSeconds: number): number[] {
  const early = TIME_WAIT_MS / 1000 - holdSeconds;
  const perSecond: number[] = Array.from({ length: 130 }, () => 0);
  for (const [inSeconds, ports] of releasing) {
    for (let back = 1; back <= STEP; back++) {
      const second = Math.floor(inSeconds - back - early);
      if (second >= 0 && second < perSecond.length)
        perSecond[second] = (perSecond[second] as number) + ports / STEP;
    }
  }
  return perSecond;
}

/** `releasing` comes in steps of this many seconds, each named by its end. */
const STEP = 5;
