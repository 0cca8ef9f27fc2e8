/**
 * What to do when ports are not short: the destination refuses, does not answer, cannot be reached. In: an incident, somebody
 * in it, the tables. Out: cures, and where to look. Pure.
 */
import type { IncidentRow, ProcessInfo } from '../../protocol/rows.js';
import { listening, routed } from '../rules/failing/look.js';
import { BACK_OFF } from '../rules/retry-storm.js';
import type { Advice, Cure, Tables } from '../types.js';
import { where } from '../words.js';

interface Aid {
  readonly cures: readonly Cure[];
  readonly doNow: readonly Advice[];
}

const cure = (text: string): Cure => ({ text, snippet: null, language: null });

/** @param process of those that the incident is about; absent: nobody is known */
export function destinationAid(
  { kind, destination, netnsId }: Pick<IncidentRow, 'kind' | 'destination' | 'netnsId'>,
  process: ProcessInfo | undefined,
  tables: Tables,
): Aid {
  const about = { process, netnsId };
  const place = where(destination);
  switch (kind) {
    case 'refused':
      return {
        cures: [
          cure(`Start what should listen on ${place}, or take it out of the programs that ask for it.`),
          BACK_OFF,
        ],
        doNow: [listening(about, tables, destination)],
      };
    case 'no-answer':
      return {
        cures: [
          cure(`Find out why ${place} does not answer: it is down, or something between drops the packets.`),
          BACK_OFF,
        ],
        doNow: routed(about, tables, destination, ['nft list ruleset']),
      };
    case 'unreachable':
      return {
        cures: [
          cure(`Give this namespace a route to ${place}, or take it out of the programs that ask for it.`),
          BACK_OFF,
        ],
        doNow: routed(about, tables, destination),
      };
    case 'scan':
      return {
        cures: [cure('Stop that program, unless somebody started it to look for open ports.')],
        doNow: [listening(about, tables, destination)],
      };
    default:
      return { cures: kind === 'other' ? [BACK_OFF] : [], doNow: [] };
  }
}
