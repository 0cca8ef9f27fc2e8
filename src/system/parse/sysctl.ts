/**
 * The settings that decide how many ports there are and how long they are held. In: texts of /proc/sys/net/ipv4. Out:
 * numbers. Pure: the settings of another network namespace are read by a native thread that has entered it.
 */
import { PortSet } from './port-set.js';

/** Files below /proc/sys/net/ipv4, read as one set. */
export const SYSCTL_FILES = [
  'ip_local_port_range',
  'ip_local_reserved_ports',
  'tcp_tw_reuse',
  'tcp_tw_reuse_delay',
  'tcp_timestamps',
  'tcp_fin_timeout',
  'tcp_max_tw_buckets',
] as const;
/** A file that this kernel does not have is null. */
export type SysctlTexts = Record<(typeof SYSCTL_FILES)[number], string | null>;

/** Null: this kernel does not have it, or it could not be read. */
export interface NetSysctls {
  /** Inclusive. */
  portRange: [number, number] | null;
  reserved: PortSet;
  /** Ports of the range that plain connect() may use: its inclusive size minus the reserved ones. */
  usablePorts: number | null;
  /** Reserved ports inside the range. */
  reservedPorts: number | null;
  /** 0 never, 1 always, 2 loopback addresses only. */
  tcpTwReuse: number | null;
  /** ms; kernels before 6.14 have no such file and wait for more than one second. */
  tcpTwReuseDelayMs: number | null;
  tcpTimestamps: number | null;
  /** Seconds; of FIN_WAIT2 only. */
  tcpFinTimeout: number | null;
  tcpMaxTwBuckets: number | null;
}

export function parseSysctls(texts: SysctlTexts): NetSysctls {
  const range = parsePortRange(texts.ip_local_port_range);
  const reserved = PortSet.parse(texts.ip_local_reserved_ports ?? '');
  const inside = range === null ? null : reserved.countIn(...range);
  return {
    portRange: range,
    reserved,
    usablePorts: range === null || inside === null ? null : range[1] - range[0] + 1 - inside,
    reservedPorts: inside,
    tcpTwReuse: parseNumber(texts.tcp_tw_reuse),
    tcpTwReuseDelayMs: parseNumber(texts.tcp_tw_reuse_delay),
    tcpTimestamps: parseNumber(texts.tcp_timestamps),
    tcpFinTimeout: parseNumber(texts.tcp_fin_timeout),
    tcpMaxTwBuckets: parseNumber(texts.tcp_max_tw_buckets),
  };
}

/** "32768\t60999\n" → [32768, 60999]; null for anything else. */
export function parsePortRange(text: string | null): [number, number] | null {
  const match = /^(\d+)\s+(\d+)\s*$/.exec(text ?? '');
  return match === null ? null : [Number(match[1]), Number(match[2])];
}

function parseNumber(text: string | null): number | null {
  return text !== null && /^-?\d+\s*$/.test(text) ? Number(text) : null;
}
