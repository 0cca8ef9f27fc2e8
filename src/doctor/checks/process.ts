/**
 * Checks of this process and its surroundings: privilege, Node, memory, port settings. In: KernelFacts and a root for
 * /proc. Out: results.
 */
import { totalmem } from 'node:os';
import { EXIT } from '../../protocol/errors.js';
import { CAPABILITIES, type Capability } from '../../system/capabilities.js';
import type { KernelFacts } from '../../system/kernel.js';
import { type NetSysctls, parseSysctls } from '../../system/parse/sysctl.js';
import { readSysctls } from '../../system/sysctl.js';
import { pidNamespaceLimit } from '../limits.js';
import { capabilityFix, FIX } from '../load-failure.js';
import { fail, ok, type Result, warn } from './check.js';

const MIB = 1024 * 1024;
/** The service stays below 200 MB with 250,000 TIME_WAIT entries; a smaller limit may kill it. */
const ENOUGH_MEMORY = 256 * MIB;

export function processChecks(facts: KernelFacts, root: string): Result[] {
  const capabilities = CAPABILITIES.map((capability) => hasCapability(facts, capability));
  return [user(facts), pids(facts), ...capabilities, memory(), portSettings(root)];
}

function user(facts: KernelFacts): Result {
  const title = 'User';
  if (!facts.initialUserNamespace) {
    const detail = `uid ${facts.uid} of a user namespace, whose capabilities do not count for BPF`;
    return fail(EXIT.privilege, 'user', title, detail, FIX.userNamespace);
  }
  return ok('user', title, facts.uid === 0 ? 'root' : `uid ${facts.uid}`);
}

function pids({ initialPidNamespace }: KernelFacts): Result {
  const title = 'Process ids';
  const limit = pidNamespaceLimit(initialPidNamespace);
  if (limit === null) return ok('pids', title, 'those of the kernel');
  return warn('pids', title, `${limit.what} ${limit.why}`, limit.fix ?? '');
}

function hasCapability(facts: KernelFacts, { name, required, use, without }: Capability): Result {
  const id = name.toLowerCase().replaceAll('_', '-');
  if (facts.capabilities.has(name)) return ok(id, name, use);
  const detail = `missing: ${use}; without it ${without}`;
  const fix = capabilityFix([name], facts.uid);
  return required ? fail(EXIT.privilege, id, name, detail, fix) : warn(id, name, detail, fix);
}

/** @param limit bytes that this process's control group may use; more than the machine has means no limit */
export function memory(limit = process.constrainedMemory() ?? 0): Result {
  const title = 'Memory';
  const bytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const detail = `${Math.floor(bytes / MIB)} MiB${bytes < totalmem() ? ' by control group' : ''}`;
  if (bytes >= ENOUGH_MEMORY) return ok('memory', title, detail);
  const fix = 'systemctl set-property portchurn.service MemoryMax=512M, or docker run --memory 512m …';
  return warn('memory', title, `${detail}: less than ${ENOUGH_MEMORY / MIB} MiB`, fix);
}

function portSettings(root: string): Result {
  const title = 'Local ports of this network namespace';
  const settings = parseSysctls(readSysctls(`${root}/proc/sys/net/ipv4`));
  if (settings.portRange === null) {
    const fix = 'sudo mount -t proc proc /proc';
    return warn('ports', title, '/proc/sys/net/ipv4/ip_local_port_range cannot be read', fix);
  }
  const [low, high] = settings.portRange;
  const reserved = settings.reservedPorts ? `, ${settings.reservedPorts} of them reserved` : '';
  const range = `${low}–${high}: ${high - low + 1} ports per destination${reserved}`;
  return ok('ports', title, `${range}; TIME_WAIT ports ${reuseInWords(settings)}`);
}

/** What tcp_tw_reuse means here for a port in TIME_WAIT; without timestamps it means nothing. */
export function reuseInWords(settings: NetSysctls): string {
  const { tcpTwReuse, tcpTwReuseDelayMs, tcpTimestamps } = settings;
  if (tcpTwReuse === null) return 'are held for 60 s (tcp_tw_reuse unknown)';
  const setting = `(tcp_tw_reuse=${tcpTwReuse}`;
  if (tcpTwReuse === 0) return `are held for 60 s ${setting})`;
  if (tcpTimestamps === 0) return `are held for 60 s ${setting} needs tcp_timestamps)`;
  const after = tcpTwReuseDelayMs === null ? 'more than 1 s' : `${tcpTwReuseDelayMs} ms`;
  if (tcpTwReuse === 1) return `can be reused by connect() after ${after} ${setting})`;
  return `can be reused after ${after} between loopback addresses, elsewhere are held for 60 s ${setting})`;
}
