/**
 * Drops the privileges of root before anything else: `serve`, started as root, replaces itself with a fresh process that has
 * only the capabilities it uses (docs/decisions/privileges.md). Capabilities belong to threads, and Node has several of them
 * before the first script runs; so it takes a fresh start. This file imports little, because it is loaded twice.
 * In: arguments and environment. Out: warnings.
 */
import type { Io } from '../cli/io.js';
import { PRIVILEGED_PORTS, USED_CAPABILITIES } from '../system/capabilities.js';
import { readPrivileges } from '../system/privileges.js';

type Environment = Io['env'];

/** The options of `serve` that decide which capabilities stay. */
interface PrivilegeOptions {
  readonly keepAll: boolean;
  readonly lowPort: boolean;
  /** Of the socket file. */
  readonly group: string | null;
}

const CAP_NET_BIND_SERVICE = 10;
const DEFAULTS: PrivilegeOptions = { keepAll: false, lowPort: false, group: null };

/** Does not return when there was something to drop and that succeeded. Returns warnings about what failed. */
export async function dropPrivileges(args: readonly string[], env: Environment): Promise<string[]> {
  if (args[0] !== 'serve') return [];
  const { uid, bounding } = readPrivileges();
  if (uid !== 0 || bounding.beyond(USED_CAPABILITIES).length === 0) return [];
  const options = mayDiffer(args, env) ? await readOptions(args, env) : DEFAULTS;
  if (options === null || options.keepAll) return [];
  const kept = [...USED_CAPABILITIES, ...(options.lowPort ? [CAP_NET_BIND_SERVICE] : [])];
  if (bounding.beyond(kept).length === 0) return [];
  if (options.group !== null) await join(options.group);
  return restart(kept);
}

/**
 * A member may give its files to the group without CAP_CHOWN, which would be for every file. setgroups(2) as glibc has it is for all
 * threads, and lasts. What fails here fails again, and is told, when the socket is made.
 */
async function join(group: string): Promise<void> {
  const { groupId } = await import('../system/accounts.js');
  const gid = groupId(group);
  try {
    if (gid !== null) process.setgroups?.([...(process.getgroups?.() ?? []), gid]);
  } catch {}
}

const isPrivileged = (port: number) => port > 0 && port < PRIVILEGED_PORTS;

/** Words that may change PrivilegeOptions; only then the options are worth parsing twice. */
const DECIDING_FLAG = /^--(keep-privileges|config|socket-group)(=|$)/;
const LOW_PORT = /:0*([1-9]\d{0,2}|10[01]\d|102[0-3])$/;

function mayDiffer(args: readonly string[], env: Environment): boolean {
  const { PORTCHURN_KEEP_PRIVILEGES: keep, PORTCHURN_CONFIG: config, PORTCHURN_SOCKET_GROUP: group } = env;
  const words = [...args, env.PORTCHURN_LISTEN ?? ''].flatMap((word) => word.split(','));
  return (
    Boolean(keep || config || group) || words.some((word) => DECIDING_FLAG.test(word) || LOW_PORT.test(word))
  );
}

/** By the one schema and its precedence. Null: the arguments are wrong, and the command line is about to say so. */
async function readOptions(args: readonly string[], env: Environment): Promise<PrivilegeOptions | null> {
  const { readServeOptions } = await import('./serve-options.js');
  const { isTcp, parseListen } = await import('../config/listen.js');
  const values = await readServeOptions(args, env);
  if (values === null) return null;
  const addresses = values.listen.flatMap((text) => parseListen(text) ?? []);
  const lowPort = addresses.some((address) => isTcp(address) && isPrivileged(address.port));
  return { keepAll: values.keepPrivileges, lowPort, group: values.socketGroup ?? null };
}

async function restart(kept: readonly number[]): Promise<string[]> {
  const words = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  try {
    const { openAddon } = await import('../engine/addon.js');
    return openAddon().restartWith(kept, words);
  } catch (error) {
    /* An error without an operation means that there is no addon: the command reports that itself. */
    if ((error as { operation?: string }).operation === undefined) return [];
    const reason = (error as Error).message;
    return [`running with all of root's capabilities, since they could not be dropped (${reason})`];
  }
}
