/**
 * Sheds root's privileges before anything else: `serve`, started as root, starts once more in its own place with only the
 * capabilities it uses (docs/decisions/privileges.md). Threads have capabilities of their own, and Node has several before
 * the first script runs; so it takes a fresh start. Called by main.ts. Its own imports are few: they are loaded twice.
 */

import type { Io } from '../cli/io.js';
import { PRIVILEGED_PORTS, USED_CAPABILITIES } from '../system/capabilities.js';
import { readPrivileges } from '../system/privileges.js';

type Environment = Io['env'];

interface Wish {
  readonly keepAll: boolean;
  readonly port: number;
}

const CAP_NET_BIND_SERVICE = 10;
const ORDINARY: Wish = { keepAll: false, port: 0 };

/** Does not return when there was something to shed and it could be shed. Returns what went wrong, in words. */
export async function dropPrivileges(args: readonly string[], env: Environment): Promise<string[]> {
  if (args[0] !== 'serve') return [];
  const { uid, bounding } = readPrivileges();
  if (uid !== 0 || bounding.beyond(USED_CAPABILITIES).length === 0) return [];
  const wish = saysMore(args, env) ? await wishOf(args, env) : ORDINARY;
  if (wish === null || wish.keepAll) return [];
  const kept = [...USED_CAPABILITIES, ...(isPrivileged(wish.port) ? [CAP_NET_BIND_SERVICE] : [])];
  return bounding.beyond(kept).length === 0 ? [] : await restart(kept);
}

const isPrivileged = (port: number) => port > 0 && port < PRIVILEGED_PORTS;

/** Words that may lead to another wish than the ordinary; only then the options are worth reading twice. */
const TELLING_FLAG = /^--(keep-privileges|config)(=|$)/;
const LOW_PORT = /:0*([1-9]\d{0,2}|10[01]\d|102[0-3])$/;

function saysMore(args: readonly string[], env: Environment): boolean {
  const { PORTCHURN_KEEP_PRIVILEGES: keep, PORTCHURN_CONFIG: config, PORTCHURN_LISTEN: listen } = env;
  const words = listen === undefined ? args : [...args, listen];
  return Boolean(keep || config) || words.some((word) => TELLING_FLAG.test(word) || LOW_PORT.test(word));
}

/** By the one schema and its precedence. Null: the words are wrong, and the command line is about to say so. */
async function wishOf(args: readonly string[], env: Environment): Promise<Wish | null> {
  const { readServeOptions } = await import('./serve-options.js');
  const { parseListen } = await import('../config/listen.js');
  const values = await readServeOptions(args, env);
  return values && { keepAll: values.keepPrivileges, port: parseListen(values.listen)?.port ?? 0 };
}

async function restart(kept: readonly number[]): Promise<string[]> {
  const words = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  try {
    const { openAddon } = await import('../engine/addon.js');
    return openAddon().restartWith(kept, words);
  } catch (error) {
    if ((error as { operation?: string }).operation === undefined) return []; // no addon: whoever needs it says so
    const reason = (error as Error).message;
    return [`running with all of root's capabilities, since they could not be shed (${reason})`];
  }
}
