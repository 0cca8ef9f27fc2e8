/**
 * Commands that only look, in the namespace that a finding is about: the same port of the host's own namespace would be another one. In:
 * what it is about, commands. Out: a remedy. Pure.
 */
import type { ProcessInfo, TotalsRow } from '../../../protocol/rows.js';
import { totalsOf } from '../../churn-severity.js';
import type { Candidate, Tables } from '../../types.js';

/** Only names that a shell takes as they are; other processes choose them. */
const PLAIN = /^[\w.@-]+$/;

/** What a finding offers to do now. */
export type Look = Candidate['doNow'][number];

interface About {
  readonly process: ProcessInfo;
  readonly netnsId: string | null;
}

/** @param commands of our own words, numbers and addresses */
export function look(about: About, tables: Tables, text: string, commands: readonly string[]): Look {
  const prefix = enter(totalsOf(tables, about.netnsId), about.process);
  const command = prefix === null ? null : commands.map((one) => prefix + one).join('; ');
  const there = command === null ? ` Run it in that namespace: ${commands.join('; ')}` : '';
  return { text, command, undo: null, effect: `Only looks.${there}`, persistence: null };
}

/** Null: it is not known how to get in. */
function enter(totals: TotalsRow | undefined, { pid, exited }: ProcessInfo): string | null {
  if (totals === undefined) return null;
  if (totals.name === 'host') return '';
  if (pid !== null && exited !== true) return `nsenter -t ${pid} -n `;
  return totals.name !== null && PLAIN.test(totals.name) ? `ip netns exec ${totals.name} ` : null;
}
