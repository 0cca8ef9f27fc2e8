/**
 * syn-loss: of the connections to a place a good part comes to be a second late, since the first SYN or its answer was lost and the
 * kernel sent it again. Pure.
 */
import { placeKey } from '../../churn-severity.js';
import { groupBy, sumOf } from '../../groups.js';
import type { Actor, Candidate, Rule, Tables } from '../../types.js';
import { integer, percent, rate, tenths, where, who } from '../../words.js';
import { candidate, isOut } from '../candidate.js';
import { look, showing } from './look.js';

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
  const opening = actors.filter((actor) => isOut(actor) && actor.openPerSec > 0);
  return [...groupBy(opening, placeKey).values()]
    .filter((those) => those.some(({ slowPerSec }) => slowPerSec > 0))
    .map((those) => ({
      actors: those,
      opens: sumOf(those, ({ openPerSec, opened }) => Math.min(opened, openPerSec * WINDOW_SECONDS)),
      slow: sumOf(those, ({ slowPerSec, slowConnects }) =>
        Math.min(slowConnects, slowPerSec * WINDOW_SECONDS),
      ),
    }));
}

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
  return candidate(
    { ...main, key: placeKey(main) },
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
        { text: 'connections opened per second', value: tenths(sumOf(actors, (one) => one.openPerSec)) },
        { text: 'of these a second late, per second', value: tenths(sumOf(actors, (one) => one.slowPerSec)) },
        { text: 'a second late since the start', value: integer(sumOf(actors, (one) => one.slowConnects)) },
        { text: 'half of the connects take less than, ms', value: main.connectMs },
      ],
      doNow: [
        showing(
          'On its host: see whether its accept queue is full (Recv-Q above Send-Q), which drops SYNs',
          `ss -ltn 'sport = :${destination.port}'; nstat -az TcpExtListenDrops TcpExtListenOverflows TcpExtTCPReqQFullDrop`,
          'To be run on the host of the destination.',
        ),
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
