/**
 * An option's four names, all from its key: tokenFile, --token-file, PORTCHURN_TOKEN_FILE, and `token-file` in YAML.
 * In: keys of options.ts. Out: names, and the way back.
 */
import { COMMANDS, type OptionSpec } from './options.js';

export const ENV_PREFIX = 'PORTCHURN_';

/** The key in a YAML file, and the flag without its dashes. */
export const fileKey = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
export const flagName = (key: string): string => `--${fileKey(key)}`;
export const envName = (key: string): string => ENV_PREFIX + fileKey(key).replaceAll('-', '_').toUpperCase();

/** Key to spec, over all commands: a file or an environment may serve several of them. */
export const ALL_OPTIONS: ReadonlyMap<string, OptionSpec> = new Map(
  Object.values(COMMANDS).flatMap((command): [string, OptionSpec][] => Object.entries(command.options)),
);

const keysBy = (name: (key: string) => string) =>
  new Map([...ALL_OPTIONS.keys()].map((key) => [name(key), key]));
export const keyByFileKey: ReadonlyMap<string, string> = keysBy(fileKey);
export const keyByEnvName: ReadonlyMap<string, string> = keysBy(envName);

/** The known name nearest to a mistyped one, when it is near enough to be meant. */
export function nearest(wrong: string, known: Iterable<string>): string | undefined {
  const ranked = [...known].map((name) => ({ name, far: editDistance(wrong, name) }));
  const best = ranked.sort((a, b) => a.far - b.far)[0];
  return best !== undefined && best.far <= Math.max(2, wrong.length / 4) ? best.name : undefined;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(swap, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
