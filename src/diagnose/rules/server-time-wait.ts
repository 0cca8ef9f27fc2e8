/**
 * server-time-wait: a server closes first and collects TIME_WAIT. No ephemeral port is held: `info`, whatever articles say.
 * Names the client that causes it when it runs here. Pure.
 */
import { reuseFix } from '../fixes.js';
import type { Actor, Candidate, Facts, Rule } from '../types.js';
import { integer, rate, tenths, where, who } from '../words.js';
import { candidate, isOut } from './candidate.js';

const MANY = 500;
const BYTES_PER_ENTRY = 256;

/** No more findings are kept. */
const MOST = 100;

export const serverTimeWait: Rule = (tables, facts) => {
  const servers = tables.actors.filter((actor) => actor.direction === 'in' && actor.timeWait >= MANY);
  const clients = servers.length === 0 ? NO_CLIENTS : clientsOf(tables.actors);
  return servers
    .sort((a, b) => b.timeWait - a.timeWait)
    .slice(0, MOST)
    .map((actor) => collects(actor, clients.get(placeOf(actor)), facts));
};

const NO_CLIENTS: ReadonlyMap<string, Actor> = new Map();

function collects(actor: Actor, client: Actor | undefined, facts: Facts): Candidate {
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

/** The actor that opens most to each place from here. A server on any address is known by the address that was used. */
function clientsOf(actors: readonly Actor[]): Map<string, Actor> {
  const clients = new Map<string, Actor>();
  for (const actor of actors) {
    if (!isOut(actor)) continue;
    const key = placeOf(actor);
    const known = clients.get(key);
    if (known === undefined || actor.openPerSec > known.openPerSec) clients.set(key, actor);
  }
  return clients;
}

const placeOf = ({ destination: { address, port } }: Actor) => `${address} ${port}`;
