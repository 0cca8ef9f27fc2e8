/**
 * Commands that change nothing. Those about a namespace are run inside it: the same port of the host's own would be another one. In: what a
 * finding or an incident is about, commands. Out: advice. Pure.
 */
import { countsAsLoopback } from '../../../forecast/reuse.js';
import type { Endpoint, ProcessInfo } from '../../../protocol/rows.js';
import { totalsOf } from '../../churn-severity.js';
import { enter } from '../../remedies/settings.js';
import type { Advice, Tables } from '../../types.js';

export interface About {
  /** Absent: nobody is known to be in it. */
  readonly process?: ProcessInfo | undefined;
  readonly netnsId: string | null;
}

/** @param where to be run elsewhere than where one is */
export function showing(text: string, command: string | null, where = ''): Advice {
  const effect = where === '' ? 'Changes nothing.' : `Changes nothing. ${where}`;
  return { text, command, undo: null, effect, persistence: null };
}

/** @param commands of our own words, numbers and addresses */
export function look(about: About, tables: Tables, text: string, commands: readonly string[]): Advice {
  const prefix = enter(totalsOf(tables, about.netnsId), about.process);
  const all = commands.join('; ');
  if (prefix === null) return showing(text, null, `Run it in that namespace: ${all}`);
  return showing(
    text,
    prefix === '' || commands.length === 1 ? `${prefix}${all}` : `${prefix}sh -c ${quoted(all)}`,
  );
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** What a place that refuses is asked. A loopback address is here, in this namespace; another one's host is looked at there. */
export function listening(about: About, tables: Tables, { address, port }: Endpoint): Advice {
  const command = port === null ? 'ss -Htlnp' : `ss -Htlnp 'sport = :${port}'`;
  if (countsAsLoopback(address)) return look(about, tables, 'Look whether something listens', [command]);
  const at = address ?? 'its host';
  return showing(`Look on ${at} whether something listens`, command, `To be run on ${at}.`);
}

/** @param more commands besides */
export function routed(
  about: About,
  tables: Tables,
  { address }: Endpoint,
  more: readonly string[] = [],
): Advice[] {
  if (address === null) return [];
  return [look(about, tables, 'Look where the packets go', [`ip route get ${address}`, ...more])];
}
