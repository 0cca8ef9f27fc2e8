/**
 * Commands that only look, in the namespace that a finding is about: the same port of the host's own namespace would be another one. In:
 * what it is about, commands. Out: a remedy. Pure.
 */
import type { ProcessInfo } from '../../../protocol/rows.js';
import { totalsOf } from '../../churn-severity.js';
import { enterToSee } from '../../remedies/settings.js';
import type { Candidate, Tables } from '../../types.js';

/** What a finding offers to do now. */
export type Look = Candidate['doNow'][number];

interface About {
  readonly process: ProcessInfo;
  readonly netnsId: string | null;
}

/** @param commands of our own words, numbers and addresses */
export function look(about: About, tables: Tables, text: string, commands: readonly string[]): Look {
  const prefix = enterToSee(totalsOf(tables, about.netnsId), about.process);
  const command = prefix === null ? null : commands.map((one) => prefix + one).join('; ');
  const there = command === null ? ` Run it in that namespace: ${commands.join('; ')}` : '';
  return {
    text,
    command,
    undo: null,
    effect: `Changes nothing.${there}`,
    persistence: null,
    snippet: null,
    language: null,
  };
}
