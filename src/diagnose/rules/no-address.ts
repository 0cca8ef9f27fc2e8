/**
 * address-not-available: EADDRNOTAVAIL that is no exhaustion: there is no source address, the very connection exists
 * already, or bind() asked for an address of another machine. Pure.
 */
import type { Cause, FailureRow, Fix, Severity } from '../../protocol/rows.js';
import type { Candidate, Rule, Tables } from '../types.js';
import { rate, where, who } from '../words.js';
import { candidate } from './candidate.js';
import { look } from './failing/look.js';

interface Meaning {
  readonly what: string;
  readonly fix: Fix;
  /** Per second, from which it is a warning. */
  readonly warnAt: number;
}

/** A program that tries IPv6 first and goes on with IPv4 fails all day and lacks nothing. */
const HAPPY_EYEBALLS = 20;

const MEANINGS: Partial<Record<Cause, Meaning>> = {
  'no-source-address': {
    what: 'this namespace has no address to reach it from',
    warnAt: HAPPY_EYEBALLS,
    fix: {
      text: 'Give the namespace an address of that family, or let the program use the family it has (a name that resolves to IPv6 first, in a container without IPv6, is the usual case).',
      snippet:
        'ip -6 address show scope global; sysctl net.ipv6.conf.all.disable_ipv6\n# prefer IPv4: in /etc/gai.conf\nprecedence ::ffff:0:0/96  100',
      language: 'shell',
    },
  },
  'tuple-in-use': {
    what: 'it binds to a fixed port, and that very connection exists already',
    warnAt: 0.5,
    fix: {
      text: 'Do not bind to a fixed local port before connect(): let the kernel choose (port 0 with IP_BIND_ADDRESS_NO_PORT).',
      snippet: null,
      language: null,
    },
  },
  'foreign-address': {
    what: 'it asks bind() for an address that this machine does not have',
    warnAt: 0.5,
    fix: {
      text: 'Correct the address in its configuration, or bind to 0.0.0.0; for an address that moves between machines allow it explicitly.',
      snippet:
        'ip address show\nsysctl -w net.ipv4.ip_nonlocal_bind=1   # only for a floating address (VRRP, keepalived)',
      language: 'shell',
    },
  },
};

const LEAST_PER_SEC = 0.1;

export const addressNotAvailable: Rule = (tables) =>
  tables.failures.flatMap((row) => {
    const meaning = MEANINGS[row.cause];
    if (meaning === undefined || row.errno !== 'EADDRNOTAVAIL' || (row.perSec ?? 0) < LEAST_PER_SEC)
      return [];
    return [unavailable(row, meaning, tables)];
  });

function unavailable(row: FailureRow, { what, fix, warnAt }: Meaning, tables: Tables): Candidate {
  const perSec = row.perSec ?? 0;
  const severity: Severity = perSec >= warnAt ? 'warning' : 'info';
  const toward = row.destination.address === null ? '' : ` to ${where(row.destination)}`;
  return candidate(
    { ...row, program: null },
    {
      rule: 'address-not-available',
      priority: 50,
      weight: perSec,
      severity,
      confidenceReason: 'the kernel failed before, or without, looking for a free port',
      title: `${row.call}() of ${who(row.process, null)}${toward} fails with EADDRNOTAVAIL, and ports are not the reason: ${what}`,
      evidence: [
        { text: `failed ${row.call}() calls`, value: row.count },
        { text: 'per second', value: rate(perSec) },
        { text: 'cause', value: row.cause },
      ],
      doNow:
        row.cause === 'tuple-in-use'
          ? []
          : [look(row, tables, 'See which addresses this namespace has', ['ip -brief address'])],
      fixForGood: [fix],
    },
  );
}
