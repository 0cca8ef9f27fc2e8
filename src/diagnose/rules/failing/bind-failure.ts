/**
 * bind-failure: bind() asks for a port that is in use, or one that it may not have. The program does not start, or not where it
 * should. (An address that is not here: address-not-available; no free port at all: port-exhaustion.) Pure.
 */
import type { Cause, FailureRow, Fix, TotalsRow } from '../../../protocol/rows.js';
import { totalsOf } from '../../churn-severity.js';
import { present, reserve } from '../../fixes.js';
import type { Actor, Advice, Candidate, Facts, Rule, Tables } from '../../types.js';
import { integer, tenths, where, who } from '../../words.js';
import { candidate } from '../candidate.js';
import { bindText } from './bind-text.js';
import { Listeners } from './listeners.js';
import { look } from './look.js';

const CAUSES: ReadonlySet<Cause> = new Set(['port-in-use', 'not-permitted', 'no-memory', 'other']);
/** From so many on it is an incident. */
const WARN_PER_SEC = 0.5;
const WARN_COUNT = 5;
const TELL_PER_SEC = 0.1;
const MOST = 50;

export const bindFailure: Rule = (tables, facts) => {
  const listeners = new Listeners(tables.actors);
  return tables.failures
    .filter(isFailure)
    .sort((a, b) => (b.perSec ?? 0) - (a.perSec ?? 0))
    .slice(0, MOST)
    .map((row) => failure(row, listeners.of(row), tables, facts));
};

const isFailure = ({ call, cause, perSec }: FailureRow) =>
  call === 'bind' && CAUSES.has(cause) && (perSec ?? 0) >= TELL_PER_SEC;

function failure(row: FailureRow, holder: Actor | null, tables: Tables, facts: Facts): Candidate {
  const { count, perSec, cause } = row;
  const isOften = (perSec ?? 0) >= WARN_PER_SEC && count >= WARN_COUNT;
  const totals = totalsOf(tables, row.netnsId);
  const named = holder === null ? null : who(holder.process, holder.program);
  const { port } = row.destination;
  const isStray = holder === null && isGivenOut(port, totals);
  const isTaken = cause === 'port-in-use' && isStray;
  const reserved = port === null || !isTaken ? null : reserve(port, totals, row.process, facts);
  return candidate(row, {
    rule: 'bind-failure',
    priority: 45,
    weight: perSec ?? 0,
    severity: isOften ? 'warning' : 'info',
    confidenceReason: 'the kernel refused each call, with its errno',
    title: bindText(row, who(row.process, row.program), named),
    evidence: [
      { text: 'failed bind() calls', value: integer(count) },
      { text: 'per second', value: tenths(perSec ?? 0) },
      { text: 'errno', value: row.errno },
      { text: 'who accepts connections on that port', value: named },
    ],
    doNow: present(lookAt(row, tables), reserved),
    fixForGood: [fixOf(row, totals, isStray)],
  });
}

/** What shows why: who has the port, or from which port on everybody may have one. */
function lookAt(row: FailureRow, tables: Tables): Advice | null {
  if (row.cause === 'not-permitted')
    return look(row, tables, 'See from which port on no right is needed', [
      'sysctl net.ipv4.ip_unprivileged_port_start',
    ]);
  if (row.cause !== 'port-in-use') return null;
  return look(row, tables, 'See who has the port: a listener, or a connection that was given it', [
    `ss -tanp 'sport = :${row.destination.port}'`,
  ]);
}

/** @param isStray a connection may have the port */
function fixOf(row: FailureRow, totals: TotalsRow | undefined, isStray: boolean): Fix {
  const { port } = row.destination;
  if (row.cause === 'not-permitted')
    return {
      text: 'Give the service the right to low ports, or let it use a port from 1024 on.',
      snippet: 'AmbientCapabilities=CAP_NET_BIND_SERVICE   # in the [Service] section of its systemd unit',
      language: 'ini',
    };
  if (row.cause !== 'port-in-use')
    return { text: `Look up ${row.errno} in bind(2).`, snippet: 'man 2 bind', language: 'shell' };
  if (isStray)
    return {
      text: `Port ${port} is in the range that the kernel gives to outgoing connections (ip_local_port_range ${totals?.portRange?.join('–')}): a connection may have it. Reserve it, so that only who asks for it gets it.`,
      snippet: null,
      language: null,
    };
  return {
    text: `Stop what holds ${where(row.destination)}, or start only one of the two; after a restart the port is free at once when the program sets SO_REUSEADDR.`,
    snippet: null,
    language: null,
  };
}

function isGivenOut(port: number | null, totals: TotalsRow | undefined): boolean {
  const range = totals?.portRange ?? null;
  return range !== null && port !== null && port >= range[0] && port <= range[1];
}
