/** Reads the port settings of this process's own network namespace. In: /proc/sys/net/ipv4. Out: texts for the parser. */
import { SYSCTL_FILES, type SysctlTexts } from './parse/sysctl.js';
import { readText } from './read.js';

/** Longest text: every second port reserved makes a list of some 190,000 characters. */
const TEXT_LIMIT = 256 * 1024;

/** The texts of this process's own namespace. */
export function readSysctls(root = '/proc/sys/net/ipv4'): SysctlTexts {
  const texts = SYSCTL_FILES.map((name) => [name, readText(`${root}/${name}`, TEXT_LIMIT)]);
  return Object.fromEntries(texts) as SysctlTexts;
}
