/** What the systemd unit says, and a command as systemd would start it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './service.js';

export const UNIT = join(ROOT, 'deploy/systemd/portchurn.service');
const settings = [...readFileSync(UNIT, 'utf8').matchAll(/^(\w+)=(.*)$/gm)];

/** The words of a setting that stands there once. */
export function unitWords(name: string): string[] {
  const found = settings.filter((match) => match[1] === name).map((match) => match[2] as string);
  if (found.length !== 1) throw new Error(`${UNIT} has ${name} ${found.length} times, not once`);
  return (found[0] as string).split(' ');
}

/** `MemoryMax`, bytes. */
export function unitMemory(): number {
  const [, mebibytes] = /^(\d+)M$/.exec(unitWords('MemoryMax').join(' ')) ?? [];
  return Number(mebibytes) * 2 ** 20;
}

/** What setpriv of Debian 11 knows by its number alone. */
const NEWER: Readonly<Record<string, string>> = { CAP_PERFMON: 'cap_38', CAP_BPF: 'cap_39' };
const shortName = (name: string) => NEWER[name] ?? name.replace('CAP_', '').toLowerCase();

/** As systemd would start it: an ordinary user with ambient capabilities, and no way to more. */
export const asUnit = (...command: string[]): string[] => asUnitIn([], command);

/** @param groups SupplementaryGroups= */
export function asUnitIn(groups: readonly string[], command: readonly string[]): string[] {
  const list = unitWords('AmbientCapabilities').map((name) => `+${shortName(name)}`);
  const supplementary = groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`;
  const only = ['-all', ...list].join(',');
  const who = ['--reuid=nobody', '--regid=nogroup', supplementary, '--no-new-privs'];
  const sets = [`--inh-caps=${only}`, `--ambient-caps=${only}`, `--bounding-set=${only}`];
  return ['setpriv', ...who, ...sets, '--', ...command];
}
