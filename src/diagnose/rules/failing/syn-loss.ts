/**
 * syn-loss: of the connections to a place a good part comes to be a second late, since the first SYN or its answer was lost and the
 * kernel sent it again. Pure.
 */
import type { Actor, Candidate, Rule, Tables } from '../../types.js';
import { integer, percent, rate, tenths, where, who } from '../../words.js';
import { candidate, isOut } from '../candidate.js';
import { look } from './look.js';

/** Of so many connects of the last ten seconds at least this share, and no fewer than that: one may be chance. */
const LEAST_OPENS = 20;
const LEAST_SHARE = 0.05;
const LEAST_SLOW = 3;
/** Where nearly all of them are slow, the way is long: a lost packet is not what makes them so. */
const MOST_SHARE = 0.95;
const WINDOW_SECONDS = 10;
const MOST = 50;

interface Lossy {
  readonly actors: readonly Actor[];
  readonly opens: number;
  readonly slow: number;
}

export const synLoss: Rule = (tables) =>
  places(tables.actors)
    .filter(isLossy)
    .sort((a, b) => b.slow - a.slow)
    .slice(0, MOST)
    .map((place) => lossy(place, tables));

/** The way is the same for all programs of a namespace. */
function places(actors: readonly Actor[]): Lossy[] {
  const byPlace = new Map<string, Actor[]>();
  const lossy = new Set<string>();
  for (const actor of actors) {
    if (!isOut(actor) || actor.openPerSec === 0) continue;
    const key = placeOf(actor);
    if (actor.slowPerSec > 0) lossy.add(key);
    const known = byPlace.get(key);
    if (known === undefined) byPlace.set(key, [actor]);
    else known.push(actor);
  }
  return [...lossy].map((key) => {
    const those = byPlace.get(key) ?? [];
    const sum = (of: (actor: Actor) => number) => those.reduce((all, actor) => all + of(actor), 0);
    return {
      actors: those,
      opens: sum(({ openPerSec, opened }) => Math.min(opened, openPerSec * WINDOW_SECONDS)),
      slow: sum(({ slowPerSec, slowConnects }) => Math.min(slowConnects, slowPerSec * WINDOW_SECONDS)),
    };
  });
}

const placeOf = ({ netnsId, destination }: Actor) => `${netnsId} ${destination.address} ${destination.port}`;

/** A rate of ten seconds times ten is a whole number but for the last digits of a float. */
function isLossy({ opens, slow }: Lossy): boolean {
  const share = slow / opens;
  return (
    Math.round(opens) >= LEAST_OPENS &&
    Math.round(slow) >= LEAST_SLOW &&
    share >= LEAST_SHARE &&
    share <= MOST_SHARE
  );
}

function lossy({ actors, opens, slow }: Lossy, tables: Tables): Candidate {
  const main = actors.reduce((a, b) => (b.slowPerSec > a.slowPerSec ? b : a));
  const { destination, process, program } = main;
  const sum = (of: (actor: Actor) => number) => actors.reduce((all, actor) => all + of(actor), 0);
  return candidate(
    { ...main, key: placeOf(main) },
    {
      rule: 'syn-loss',
      priority: 57,
      weight: slow / WINDOW_SECONDS,
      severity: 'warning',
      confidence: 'medium',
      confidenceReason:
        'the kernel says which connects took a second or sent their SYN again; where packets are lost it cannot see',
      title: `${percent(slow / opens)} of the connects to ${where(destination)} take a second or longer: their SYN, or the answer to it, is lost. Of ${who(process, program)} ${rate(main.slowPerSec)}/s`,
      evidence: [
        { text: 'connections opened per second', value: tenths(sum((one) => one.openPerSec)) },
        { text: 'of these a second late, per second', value: tenths(sum((one) => one.slowPerSec)) },
        { text: 'a second late since the start', value: integer(sum((one) => one.slowConnects)) },
        { text: 'half of the connects take less than, ms', value: main.connectMs },
      ],
      doNow: [
        {
          text: 'On its host: see whether its accept queue is full (Recv-Q above Send-Q), which drops SYNs',
          command: `ss -ltn 'sport = :${destination.port}'; nstat -az TcpExtListenDrops TcpExtListenOverflows TcpExtTCPReqQFullDrop`,
          undo: null,
          effect: 'Changes nothing. To be run on the host of the destination.',
          persistence: null,
        },
        look(main, tables, 'Here: see whether packets are dropped on the way out', [
          'nstat -az TcpRetransSegs TcpExtTCPSynRetrans',
          'ip -s link',
        ]),
      ],
      fixForGood: [
        {
          text: 'Let the server accept faster, with a longer queue (the backlog of its listen() and net.core.somaxconn, the smaller one counts); or mend the way (a full conntrack table, a rate limit, a bad link). Fewer connections help in each case: reuse them.',
          snippet: null,
          language: null,
        },
      ],
    },
  );
}
