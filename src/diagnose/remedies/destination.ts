/**
 * What to do when ports are not short: the destination refuses, does not answer, cannot be reached. In: an incident, how its namespace is
 * entered. Out: cures, and where to look. Pure.
 */
import { countsAsLoopback } from '../../forecast/reuse.js';
import type { Endpoint, IncidentRow } from '../../protocol/rows.js';
import { showing } from '../rules/failing/look.js';
import { BACK_OFF } from '../rules/retry-storm.js';
import type { Advice, Cure } from '../types.js';
import { where } from '../words.js';

interface Aid {
  readonly cures: readonly Cure[];
  readonly doNow: readonly Advice[];
}

const cure = (text: string): Cure => ({ text, snippet: null, language: null });

/** @param prefix words before a command that enter the namespace; null: it is not known how */
export function destinationAid(
  { kind, destination }: Pick<IncidentRow, 'kind' | 'destination'>,
  prefix: string | null,
): Aid {
  const place = where(destination);
  switch (kind) {
    case 'refused':
      return {
        cures: [
          cure(`Start what should listen on ${place}, or take it out of the programs that ask for it.`),
          BACK_OFF,
        ],
        doNow: listening(destination, prefix),
      };
    case 'no-answer':
      return {
        cures: [
          cure(`Find out why ${place} does not answer: it is down, or something between drops the packets.`),
          BACK_OFF,
        ],
        doNow: routed(destination, prefix, '; nft list ruleset'),
      };
    case 'unreachable':
      return {
        cures: [
          cure(`Give this namespace a route to ${place}, or take it out of the programs that ask for it.`),
          BACK_OFF,
        ],
        doNow: routed(destination, prefix, ''),
      };
    case 'scan':
      return {
        cures: [cure('Stop that program, unless somebody started it to look for open ports.')],
        doNow: [],
      };
    default:
      return { cures: kind === 'other' ? [BACK_OFF] : [], doNow: [] };
  }
}

/** A loopback address is here, in this namespace; another one's host is looked at there. */
function listening({ address, port }: Endpoint, prefix: string | null): Advice[] {
  const command = `ss -Htlnp 'sport = :${port}'`;
  if (!countsAsLoopback(address)) return [showing(`Look on ${address} whether something listens`, command)];
  return prefix === null ? [] : [showing('Look whether something listens', `${prefix}${command}`)];
}

function routed({ address }: Endpoint, prefix: string | null, more: string): Advice[] {
  if (prefix === null || address === null) return [];
  const second = more === '' ? '' : more.replace('; ', `; ${prefix}`);
  return [showing('Look where the packets go', `${prefix}ip route get ${address}${second}`)];
}
