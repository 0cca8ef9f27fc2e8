/**
 * What to do about each incident, and what would not help. In: accounts of the incidents that last, findings, the tables. Out: incident
 * rows with remedies. Those of an incident that is over stay as they were last. Time is given.
 */
import type { FindingRow, IncidentRow } from '../../protocol/rows.js';
import { totalsOf } from '../churn-severity.js';
import { groupBy } from '../groups.js';
import type { Account } from '../incidents/incident.js';
import type { Candidate, Facts } from '../types.js';
import { Board } from './board.js';
import { settingsNow } from './done.js';
import { offersOf, type Place } from './offers.js';

export interface Known extends Place {
  /** Of a finding's key. */
  candidateOf(key: string): Candidate | undefined;
  readonly portsOf: Facts['portsOf'];
}

/** Incidents that are looked at without a break. */
const AT_ONCE = 25;

export class Remedies {
  private readonly boards = new Map<string, Board>();

  /** Yields where it can be interrupted. */
  *steps(accounts: readonly Account[], findings: readonly FindingRow[], known: Known): Generator<void, void> {
    const { tables, candidateOf, portsOf } = known;
    const byIncident = groupBy(findings, ({ incident }) => incident ?? '');
    let count = 0;
    for (const account of accounts) {
      if (count++ % AT_ONCE === 0) yield;
      const { key, netnsId } = account.row;
      const candidates = (byIncident.get(key) ?? []).flatMap((finding) => candidateOf(finding.key) ?? []);
      const offers = offersOf(account, candidates, known);
      const settingNow = settingsNow(totalsOf(tables, netnsId), portsOf);
      this.boardOf(account.row, tables.time).step(offers, settingNow, tables.time);
    }
  }

  /** @param rows all that are kept: what else there was is forgotten */
  onto(rows: readonly IncidentRow[]): IncidentRow[] {
    const kept = new Set(rows.map(({ key }) => key));
    for (const key of this.boards.keys()) if (!kept.has(key)) this.boards.delete(key);
    return rows.map((row) => ({ ...row, remedies: this.boards.get(row.key)?.remedies ?? row.remedies }));
  }

  private boardOf({ key, remedies, since }: IncidentRow, time: number): Board {
    const known = this.boards.get(key) ?? new Board(time, remedies, since);
    this.boards.set(key, known);
    return known;
  }
}
