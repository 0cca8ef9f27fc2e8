/**
 * server-time-wait: a server closes first and collects TIME_WAIT. No ephemeral port is held: `info`, whatever articles say.
 * Names the client that causes it when it runs here. Pure.
 */
import { reuseFix } from '../fixes.js';
import type { Actor, Candidate, Facts, Rule, Tables } from '../types.js';
import { integer, rate, tenths, where, who } from '../words.js';
import { candidate, isOut } from './candidate.js';

const MANY = 500;
const BYTES_PER_ENTRY = 256;

export const serverTimeWait: Rule = (tables, facts) =>
  tables.actors
    .filter((actor) => actor.direction === 'in' && actor.timeWait >= MANY)
    .map((actor) => collects(actor, tables, facts));

function collects(actor: Actor, tables: Tables, facts: Facts): Candidate {
  const client = clientOf(actor, tables);
  const cause = client === undefined ? '' : `; ${who(client.process, client.program)} causes it`;
  return candidate(actor, {
    rule: 'server-time-wait',
    priority: 90,
    weight: actor.timeWait,
    severity: 'info',
    confidenceReason: 'the local port of these entries is the one it listens on',
    title: `${who(actor.process, actor.program)} closes first and holds ${integer(actor.timeWait)} TIME_WAIT entries on ${where(actor.destination)}, which take no ephemeral port${cause}`,
    evidence: [
      { text: 'TIME_WAIT entries on the listening port', value: actor.timeWait },
      { text: 'kernel memory they take, bytes', value: actor.timeWait * BYTES_PER_ENTRY },
      { text: 'connections accepted per second', value: tenths(actor.openPerSec) },
      ...(client === undefined
        ? []
        : [
            {
              text: `opened by ${who(client.process, client.program)}`,
              value: `${rate(client.openPerSec)}/s`,
            },
          ]),
    ],
    fixForGood: [
      client === undefined
        ? {
            text: 'Nothing has to be done. To have fewer of them, let clients keep their connections (keep-alive on both sides), and let the client close first.',
            snippet: null,
            language: null,
          }
        : reuseFix(client.process, client.destination, facts),
    ],
  });
}

/** The actor that opens most to that port from here. A server on any address is known by the address that was used. */
function clientOf(server: Actor, tables: Tables): Actor | undefined {
  const { address, port } = server.destination;
  return tables.actors
    .filter(
      (actor) => isOut(actor) && actor.destination.port === port && actor.destination.address === address,
    )
    .sort((a, b) => b.openPerSec - a.openPerSec)[0];
}
