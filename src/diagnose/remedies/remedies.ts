/**
 * What to do about each incident, and what would not help. In: accounts of the incidents that last, findings, the tables. Out: incident
 * rows with remedies. Those of an incident that is over stay as they were last. Time is given.
 */
import type { FindingRow, IncidentRemedy, IncidentRow } from '../../protocol/rows.js';
import type { Account } from '../incidents/incident.js';
import type { Candidate } from '../types.js';
import { Board } from './board.js';
import { offersOf, type Place } from './offers.js';

export interface Known extends Place {
  /** Of a finding's key. */
  candidateOf(key: string): Candidate | undefined;
}

export class Remedies {
  private readonly boards = new Map<string, Board>();

  step(accounts: readonly Account[], findings: readonly FindingRow[], known: Known): void {
    const { totals, time } = known.tables;
    const byIncident = grouped(findings, known);
    for (const account of accounts) {
      const { key, netnsId, remedies } = account.row;
      const offers = offersOf(account, byIncident.get(key) ?? [], known);
      this.boardOf(key, time, remedies).step(
        offers,
        totals.find((row) => row.netnsId === netnsId),
        time,
      );
    }
  }

  /** @param rows all that are kept: what else there was is forgotten */
  onto(rows: readonly IncidentRow[]): IncidentRow[] {
    const kept = new Set(rows.map(({ key }) => key));
    for (const key of this.boards.keys()) if (!kept.has(key)) this.boards.delete(key);
    return rows.map((row) => ({ ...row, remedies: this.boards.get(row.key)?.remedies ?? row.remedies }));
  }

  private boardOf(key: string, time: number, saved: readonly IncidentRemedy[]): Board {
    const known = this.boards.get(key) ?? new Board(time, saved);
    this.boards.set(key, known);
    return known;
  }
}

function grouped(findings: readonly FindingRow[], { candidateOf }: Known): Map<string, Candidate[]> {
  const byIncident = new Map<string, Candidate[]>();
  for (const { key, incident } of findings) {
    const candidate = incident === null ? undefined : candidateOf(key);
    if (incident === null || candidate === undefined) continue;
    const known = byIncident.get(incident);
    if (known === undefined) byIncident.set(incident, [candidate]);
    else known.push(candidate);
  }
  return byIncident;
}
