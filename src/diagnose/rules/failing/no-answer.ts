/**
 * no-answer: attempts to connect get no answer, neither a connection nor a refusal: the host is down, or something drops the packets.
 * One finding for each place, whoever tries. Pure.
 */
import type { FailureRow, Victim } from '../../../protocol/rows.js';
import { placeKey } from '../../churn-severity.js';
import { groupBy, sumOf } from '../../groups.js';
import { failedBy } from '../../incidents/people.js';
import type { Advice, Candidate, Rule, Tables } from '../../types.js';
import { rate, tenths, where, who } from '../../words.js';
import { candidate } from '../candidate.js';
import { BACK_OFF } from '../retry-storm.js';
import { look, showing } from './look.js';
import { silenceText, waitText } from './silence-text.js';
import { unansweredOf } from './unanswered.js';

/** As many as make an incident. */
const LEAST = 5;
const LEAST_PER_SEC = 0.5;
/** Places shown at once, the ones that are tried most. */
const MOST = 50;
const VICTIMS_SHOWN = 5;

interface Silent {
  readonly rows: readonly FailureRow[];
  readonly perSec: number;
}

export const noAnswer: Rule = (tables) =>
  places(tables)
    .sort((a, b) => b.perSec - a.perSec)
    .slice(0, MOST)
    .map((one) => silent(one, tables));

function places(tables: Tables): Silent[] {
  return [...groupBy(unansweredOf(tables).rows.values(), placeKey).values()]
    .map((rows) => ({ rows, perSec: sumOf(rows, (row) => row.perSec) }))
    .filter(({ rows, perSec }) => perSec >= LEAST_PER_SEC && sumOf(rows, (row) => row.count) >= LEAST);
}

function silent({ rows, perSec }: Silent, tables: Tables): Candidate {
  const victims = [...failedBy(rows).values()].sort((a, b) => b.perSec - a.perSec);
  const [first, ...rest] = victims as [Victim, ...Victim[]];
  const latest = rows.reduce((a, b) => ((b.lastSeen ?? 0) > (a.lastSeen ?? 0) ? b : a));
  const { destination, netns, netnsId, waitedMs } = latest;
  const answeredPerSec = unansweredOf(tables).answeredPerSec(latest);
  const at = where(destination);
  const by = rest.length === 0 ? who(first.process, first.program) : 'several programs';
  const about = {
    key: placeKey(latest),
    process: first.process,
    program: first.program,
    destination,
    netns,
    netnsId,
  };
  return candidate(about, {
    rule: 'no-answer',
    priority: 58,
    weight: perSec,
    severity: 'warning',
    confidenceReason:
      'the kernel says of each attempt how long it waited, and that neither a connection nor a refusal came',
    title: silenceText({ at, perSec, answeredPerSec, waitedMs, by }),
    evidence: [
      { text: 'attempts without an answer, per second', value: tenths(perSec) },
      { text: 'connections opened to it meanwhile, per second', value: tenths(answeredPerSec) },
      { text: 'the last ones were given up after', value: waitedMs === null ? null : waitText(waitedMs) },
      ...victims.slice(0, VICTIMS_SHOWN).map((one) => ({
        text: `attempts of ${who(one.process, one.program)}`,
        value: `${one.failed}, now ${rate(one.perSec)}/s`,
      })),
    ],
    doNow: checks(about, tables),
    fixForGood: [BACK_OFF],
  });
}

function checks(about: Pick<Candidate, 'process' | 'netnsId' | 'destination'>, tables: Tables): Advice[] {
  const address = about.destination.address ?? 'ADDRESS';
  return [
    look(about, tables, 'See which way its packets take, and whether a rule here drops them', [
      `ip route get ${address}`,
      'nft list ruleset',
    ]),
    showing(
      'On its host: see whether it is up, listens, and has room for new connections (Recv-Q below Send-Q)',
      `ss -ltn 'sport = :${about.destination.port}'; nstat -az TcpExtListenDrops TcpExtListenOverflows`,
      'To be run on the host that does not answer.',
    ),
  ];
}
