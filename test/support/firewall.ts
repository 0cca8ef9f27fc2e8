/** Packet rules inside a namespace of our own: lost FINs, silent hosts, refusals. */
import type { Netns } from './netns.js';

/** Adds a rule to INPUT, in iptables' words; gives the call that removes it again. */
export function rule(netns: Netns, ...words: string[]): () => void {
  const command = words.some((word) => word.includes(':')) ? 'ip6tables' : 'iptables';
  netns.exec(command, '-w', '-I', 'INPUT', ...words);
  return () => void netns.exec(command, '-w', '-D', 'INPUT', ...words);
}

/** Loses every FIN: both ends get to FIN_WAIT1, and close simultaneously once the rule is gone and one repeats its FIN. */
export const loseFins = (netns: Netns): (() => void) =>
  rule(netns, '-p', 'tcp', '--tcp-flags', 'FIN', 'FIN', '-j', 'DROP');
