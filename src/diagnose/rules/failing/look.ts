/**
 * Commands that change nothing. Those about a namespace are run inside it: the same port of the host's own would be another one. In: what a
 * finding is about, commands. Out: advice. Pure.
 */
import type { ProcessInfo } from '../../../protocol/rows.js';
import { totalsOf } from '../../churn-severity.js';
import { enterToSee } from '../../remedies/settings.js';
import type { Advice, Tables } from '../../types.js';

interface About {
  readonly process: ProcessInfo;
  readonly netnsId: string | null;
}

/** @param where to be run elsewhere than where one is */
export function showing(text: string, command: string | null, where = ''): Advice {
  const effect = where === '' ? 'Changes nothing.' : `Changes nothing. ${where}`;
  return { text, command, undo: null, effect, persistence: null };
}

/** @param commands of our own words, numbers and addresses */
export function look(about: About, tables: Tables, text: string, commands: readonly string[]): Advice {
  const prefix = enterToSee(totalsOf(tables, about.netnsId), about.process);
  if (prefix === null) return showing(text, null, `Run it in that namespace: ${commands.join('; ')}`);
  return showing(text, commands.map((one) => prefix + one).join('; '));
}
