/** Remedies of incidents: which, in what order, that they keep their places, and what would not help and why. */
import { describe, expect, it } from 'vitest';
import { withIncidents } from '../../../../src/diagnose/incidents/finding-parts.js';
import { Incidents, withFindings } from '../../../../src/diagnose/incidents/incidents.js';
import { findingRows, reduce, type Watch } from '../../../../src/diagnose/reducer.js';
import { Remedies } from '../../../../src/diagnose/remedies/remedies.js';
import { RULES } from '../../../../src/diagnose/rules/index.js';
import type { Facts, PortUse, Tables } from '../../../../src/diagnose/types.js';
import type {
  BudgetRow,
  FailureRow,
  IncidentRemedy,
  IncidentRow,
  TotalsRow,
} from '../../../../src/protocol/rows.js';
import { finish } from '../../../../src/query/turn.js';
import { proc } from '../../publish/rows.js';
import { actor, budget, FACTS, failure, INSIDE, NOW, tables, totals } from '../world.js';

/** One machine, second by second, as the engine diagnoses it. */
class Course {
  private watch: Watch = new Map();
  private readonly incidents = new Incidents();
  private readonly remedies = new Remedies();

  step(now: Tables, facts: Facts = FACTS): IncidentRow[] {
    const candidates = Object.values(RULES).flatMap((rule) => rule(now, facts));
    this.watch = reduce(this.watch, candidates, now.time);
    finish(this.incidents.steps(now, facts));
    const { rows, accounts, actors } = this.incidents;
    const findings = withIncidents(findingRows(this.watch, now.time), rows);
    const candidateOf = (key: string) => this.watch.get(key)?.candidate;
    finish(
      this.remedies.steps(accounts, findings, { tables: now, actors, candidateOf, portsOf: facts.portsOf }),
    );
    return this.remedies.onto(withFindings(rows, findings));
  }

  /** The next run of the service. @param row as this one showed it last */
  next(row: IncidentRow, time: number): Course {
    const course = new Course();
    const { lasting, over } = this.incidents.saved;
    const whole = JSON.parse(JSON.stringify(lasting.map((one) => ({ ...one, row }))));
    course.incidents.restore({ lasting: whole, over: [...over] }, time);
    return course;
  }

  /** The worst incident after these seconds. */
  play(from: number, to: number, given: (at: number) => Partial<Tables>, facts = FACTS): IncidentRow {
    let last: IncidentRow[] = [];
    for (let at = from; at <= to; at++)
      last = this.step(tables({ ...given(at), time: NOW + at * 1000 }), facts);
    const [worst] = last;
    if (worst === undefined) throw new Error('no incident');
    return worst;
  }
}

const played = (seconds: number, given: (at: number) => Partial<Tables>) =>
  new Course().play(0, seconds, given);

const OUT: Partial<BudgetRow> = {
  limit: 2000,
  used: 2000,
  timeWait: 1999,
  openPerSec: 33,
  demandPerSec: 92,
  sustainablePerSec: 33.3,
  exhaustionSeconds: 0,
};
const NARROW = totals({ portRange: [30_000, 31_999], tcpTwReuse: 2 });
const churning = actor({ openPerSec: 33, portsHeld: 2000, timeWait: 1999, lifetimeMs: 20 });

const failing = (at: number, parts: Partial<FailureRow> = {}): FailureRow =>
  failure({ count: 59 * (at + 1), perSec: 59, firstSeen: NOW, lastSeen: NOW + at * 1000, ...parts });

/** Out of ports that TIME_WAIT entries hold. */
const out = (at: number, more: Partial<Tables> = {}): Partial<Tables> => ({
  actors: [churning],
  budgets: [budget(OUT)],
  failures: [failing(at)],
  totals: [NARROW],
  ...more,
});

const shown = ({ remedies }: IncidentRow) => remedies.map(({ role, text }) => `${role}: ${text}`);
const about = ({ remedies }: IncidentRow, text: RegExp): IncidentRemedy | undefined =>
  remedies.find((one) => text.test(one.text));
const refused = ({ remedies }: IncidentRow) =>
  remedies.filter(({ role }) => role === 'will-not-help').map(({ text }) => text);

describe('remedies of ports that are out', () => {
  it('begin with the cure, then headroom, then what will not help; each is there once', () => {
    const row = played(12, out);
    expect(shown(row)).toEqual([
      expect.stringMatching(/^fix-for-good: With http or https: make one keep-alive agent/),
      expect.stringMatching(/^fix-for-good: With fetch\(\): it keeps connections by itself/),
      expect.stringMatching(/^fix-for-good: Find who set ip_local_port_range/),
      expect.stringMatching(/^fix-for-good: Then headroom: another source address/),
      'do-now: Let connect() take over TIME_WAIT ports after one second',
      'do-now: Widen the port range from 2,000 to 64,512 ports: headroom, not a cure',
      'will-not-help: tcp_fin_timeout',
      expect.stringMatching(/^will-not-help: Settings of the side that accepts/),
    ]);
    expect(row.remedies[0]).toMatchObject({ language: 'javascript', command: null, reason: null });
    expect(about(row, /^Let connect/)).toMatchObject({
      command: 'sysctl -w net.ipv4.tcp_tw_reuse="1"',
      undo: 'sysctl -w net.ipv4.tcp_tw_reuse="2"',
      snippet: expect.stringContaining('/etc/sysctl.d/'),
      language: 'shell',
    });
    expect(about(row, /^tcp_fin_timeout$/)?.reason).toContain('does not shorten TIME_WAIT, which lasts 60 s');
  });

  it('leave each process that reuses connections one of its own', () => {
    const worker = (pid: number) => ({
      ...churning,
      key: `w${pid}`,
      process: proc({ pid, exe: '/usr/sbin/php-fpm8.2', comm: 'php-fpm8.2' }),
      openPerSec: 8,
      portsHeld: 500,
      timeWait: 499,
    });
    const row = played(12, (at) => out(at, { actors: [1, 2, 3, 4].map(worker) }));
    expect(row.remedies[0]).toMatchObject({ role: 'fix-for-good', settlesAt: 4 });
  });

  it('say where the ports settle with each, at the demand of now', () => {
    const row = played(12, out);
    expect(row.remedies.map(({ settlesAt }) => settlesAt)).toEqual([
      1, // reused: the connection that lives
      1,
      null,
      null,
      expect.closeTo(92 * 1.02, -1),
      expect.closeTo(92 * 60.02, -1),
      null,
      null,
    ]);
  });

  it('say when a wider range alone is not enough', () => {
    const fast = budget({ ...OUT, demandPerSec: 2000, openPerSec: 500 });
    const widen = about(
      played(12, (at) => out(at, { budgets: [fast] })),
      /^Widen/,
    );
    expect(widen?.settlesAt).toBe(64_512);
    expect(widen?.effect).toContain('Not enough alone: this demand needs 120,0');
  });

  it('are silent about the end where the demand is not known', () => {
    const unknown = budget({ ...OUT, demandPerSec: null, openPerSec: null });
    expect(
      about(
        played(12, (at) => out(at, { budgets: [unknown] })),
        /^Widen/,
      )?.settlesAt,
    ).toBeNull();
  });
});

describe('what will not help', () => {
  const twReuse = (row: IncidentRow) => about(row, /^tcp_tw_reuse$/)?.reason;

  it('is tcp_tw_reuse where bind() chose the ports toward one destination; where they settle is not known', () => {
    const row = played(12, (at) =>
      out(at, { budgets: [budget({ ...OUT, bound: 2000 })], actors: [actor({ ...churning, bound: 2000 })] }),
    );
    expect(row.kind).toBe('ports');
    expect(twReuse(row)).toContain('of 130 tries 0 worked');
    expect(about(row, /TIME_WAIT ports after one second/)).toBeUndefined();
    expect(about(row, /^Widen/)?.settlesAt).toBeNull();
  });

  it('is tcp_tw_reuse for ports that bind() took; nobody is told to turn it on', () => {
    const pool = {
      ...OUT,
      key: 'pool',
      kind: 'bind-pool' as const,
      destination: { address: null, port: null },
    };
    const row = played(12, (at) =>
      out(at, {
        actors: [actor({ ...churning, bound: 2000 })],
        budgets: [budget({ ...OUT, used: 3, timeWait: 2, blocked: 1997, free: 0 }), budget(pool)],
        failures: [
          failing(at, { cause: 'bind-pool-exhausted', budget: 'pool', call: 'bind', errno: 'EADDRINUSE' }),
        ],
      }),
    );
    expect(row.kind).toBe('bind-pool');
    expect(twReuse(row)).toContain('of 130 tries 0 worked');
    expect(about(row, /TIME_WAIT ports after one second/)).toBeUndefined();
    expect(refused(row)).toContain('tcp_fin_timeout');
    expect(shown(row)[0]).toMatch(/^fix-for-good: /);
  });

  it('is tcp_tw_reuse for ports in FIN_WAIT2, where tcp_fin_timeout does', () => {
    const row = played(12, (at) => out(at, { actors: [actor({ ...churning, finWait2: 1900 })] }));
    expect(twReuse(row)).toContain('1,900 of the 2,000 ports held are in FIN_WAIT2');
    expect(refused(row)).not.toContain('tcp_fin_timeout');
    expect(about(row, /^Wait less for peers/)?.command).toBe('sysctl -w net.ipv4.tcp_fin_timeout="15"');
  });

  it('is both where connections that are open hold the ports', () => {
    const live = budget({ ...OUT, timeWait: 12, established: 1988 });
    const row = played(12, (at) =>
      out(at, { actors: [actor({ ...churning, timeWait: 12, established: 1988 })], budgets: [live] }),
    );
    expect(twReuse(row)).toContain('12 of the 2,000 ports held are there');
    expect(about(row, /^tcp_fin_timeout$/)?.reason).toContain('Connections that are open hold the ports');
  });

  it('is tcp_tw_reuse without timestamps', () => {
    const row = played(12, (at) => out(at, { totals: [totals({ ...NARROW, tcpTimestamps: 0 })] }));
    expect(twReuse(row)).toContain('tcp_timestamps is 0');
  });

  it('is tcp_tw_reuse for entries of the accepting side that overflow', () => {
    const facts = { ...FACTS, overflowPerSec: new Map([['1', 100]]) };
    const server = actor({ key: 'in', direction: 'in', timeWait: 20_000 });
    const course = new Course();
    let rows: IncidentRow[] = [];
    for (let at = 0; at < 5; at++)
      rows = course.step(
        tables({
          actors: [server],
          totals: [totals({ timeWaitOverflow: 100 * at, tcpMaxTwBuckets: 16, tcpTwReuse: 2 })],
          time: NOW + at * 1000,
        }),
        facts,
      );
    const [row] = rows as [IncidentRow];
    expect(row.kind).toBe('overflow');
    expect(twReuse(row)).toContain('accepted');
    expect(refused(row)).toEqual(['tcp_tw_reuse', 'tcp_fin_timeout']);
    expect(about(row, /^Raise the limit/)?.command).toBe('sysctl -w net.ipv4.tcp_max_tw_buckets="262144"');
  });
});

describe('remedies of a destination', () => {
  const asks = (at: number, cause: FailureRow['cause'], parts: Partial<FailureRow> = {}) => ({
    totals: [totals({ name: 'web (77)' })],
    failures: [
      failing(at, {
        cause,
        budget: null,
        errno: 'E',
        destination: { address: '10.0.0.7', port: 6379 },
        ...parts,
      }),
    ],
  });

  it.each<[FailureRow['cause'], RegExp, string | null]>([
    ['refused', /^Start what should listen on 10\.0\.0\.7:6379, /, "ss -Htlnp 'sport = :6379'"],
    [
      'timed-out',
      /^Find out why 10\.0\.0\.7:6379 does not answer/,
      `${INSIDE}sh -c 'ip route get 10.0.0.7; nft list ruleset'`,
    ],
    ['unreachable', /^Give this namespace a route to 10\.0\.0\.7:6379, /, `${INSIDE}ip route get 10.0.0.7`],
    ['reset', /^Wait longer after each failure/, null],
  ])('that ends as %s are about it and about waiting, not about ports', (cause, first, command) => {
    const row = played(12, (at) => asks(at, cause));
    expect(row.remedies[0]?.text).toMatch(first);
    expect(about(row, /^Wait longer after each failure/)?.role).toBe('fix-for-good');
    expect(row.remedies.flatMap(({ role, command }) => (role === 'do-now' ? [command] : []))).toEqual(
      command === null ? [] : [command],
    );
    expect(refused(row)).toEqual(['A wider port range, or tcp_tw_reuse']);
    expect(row.remedies.at(-1)?.reason).toMatch(/^No call failed for want of a port/);
    expect(new Set(shown(row)).size).toBe(row.remedies.length);
  });

  it('on a loopback address look in its namespace', () => {
    const row = played(12, (at) => asks(at, 'refused', { destination: { address: '127.0.0.1', port: 80 } }));
    expect(about(row, /^Look/)?.command).toBe(`${INSIDE}ss -Htlnp 'sport = :80'`);
  });

  it('of a bind() look who has the port, and reserve it when a connection may have it', () => {
    const bind = (port: number, parts: Partial<FailureRow> = {}) =>
      played(12, (at) =>
        asks(at, 'port-in-use', { call: 'bind', destination: { address: '0.0.0.0', port }, ...parts }),
      );
    const now = (row: IncidentRow) =>
      row.remedies.filter(({ role }) => role === 'do-now').map(({ command }) => command);
    expect(now(bind(80))).toEqual([`${INSIDE}ss -tanp 'sport = :80'`]);
    expect(now(bind(80, { cause: 'not-permitted' }))).toEqual([
      `${INSIDE}sysctl net.ipv4.ip_unprivileged_port_start`,
    ]);
    expect(now(bind(80, { cause: 'foreign-address', errno: 'EADDRNOTAVAIL' }))).toEqual([
      `${INSIDE}ip -brief address`,
    ]);
    const facts: Facts = { ...FACTS, portsOf: () => ({ reserved: [], listening: [] }) };
    const stray = { call: 'bind' as const, destination: { address: '0.0.0.0', port: 40_000 } };
    const row = new Course().play(0, 12, (at) => asks(at, 'port-in-use', stray), facts);
    expect(now(row)).toEqual([
      `${INSIDE}ss -tanp 'sport = :40000'`,
      `${INSIDE}sysctl -w net.ipv4.ip_local_reserved_ports="40000"`,
    ]);
  });
});

describe('remedies of ports that bind() gives', () => {
  const pool = budget({
    ...OUT,
    key: 'pool',
    kind: 'bind-pool',
    destination: { address: null, port: null },
    sustainablePerSec: null,
  });
  const binder = actor({ ...churning, bound: 2000 });
  const cli = proc({ pid: 9, name: 'redis-cli', comm: 'redis-cli', exe: '/usr/bin/redis-cli', script: null });
  const asker = actor({
    ...churning,
    key: 'cli',
    process: cli,
    destination: { address: '10.0.0.9', port: 6379 },
    portsHeld: 120,
    timeWait: 120,
  });
  const held = (actors: Tables['actors']) => (at: number) =>
    out(at, {
      actors,
      budgets: [
        { ...pool, holders: [{ process: binder.process, ports: 1880 }] },
        budget({
          key: 'cli',
          destination: asker.destination,
          limit: 2000,
          used: 120,
          blocked: 1880,
          free: 0,
        }),
      ],
      failures: [
        failing(at, { cause: 'bind-pool-exhausted', budget: 'pool', call: 'bind', errno: 'EADDRINUSE' }),
      ],
    });

  it('are of who takes them: whoever has no port left beside it has a cure of its own', () => {
    const row = new Course().play(0, 14, held([binder, asker]));
    expect(row.kind).toBe('bind-pool');
    expect(about(row, /localAddress/)).toBeDefined();
    expect(about(row, /One process per command/)).toBeUndefined();
  });
});

describe('the places of remedies', () => {
  const leaking = actor({ key: 'l', process: proc({ pid: 5 }), closeWait: 50, portsHeld: 50 });

  it('are given ten seconds after it opened; what comes later stands behind the others', () => {
    const course = new Course();
    const before = shown(course.play(0, 14, out));
    const later = shown(course.play(15, 25, (at) => out(at, { actors: [churning, leaking] })));
    expect(later.slice(0, before.length)).toEqual(before);
    expect(later.slice(before.length).some((text) => text.startsWith('fix-for-good: '))).toBe(true);
  });

  it('are in their order from the first second on, whatever is found first', () => {
    /* At first its range seems to be to blame alone. */
    const slow = actor({ ...churning, openPerSec: 0.1, opened: 5 });
    const few = budget({ ...OUT, demandPerSec: 1, sustainablePerSec: null });
    const begins = (at: number) =>
      at < 6 ? out(at, { actors: [slow], budgets: [few] }) : out(at, { actors: [churning] });
    const course = new Course();
    const lists = Array.from({ length: 15 }, (_, i) => shown(course.play(i + 1, i + 1, begins)));
    const last = lists.at(-1) ?? [];
    const now = last.filter((text) => text.startsWith('do-now'));
    expect(now[0]).toMatch(/Let connect\(\) take over/);
    expect(now[1]).toMatch(/Widen the port range/);
    for (const list of lists) {
      const places = list.map((text) => last.indexOf(text)).filter((place) => place >= 0);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
    expect(new Set(lists.map(({ length }) => length)).size).toBeGreaterThan(1);
  });

  it('are not given before: what comes then is put in order', () => {
    const course = new Course();
    course.play(0, 4, out);
    const roles = course
      .play(5, 9, (at) => out(at, { actors: [churning, leaking] }))
      .remedies.map(({ role }) => role);
    expect(roles).toEqual([...roles].sort(byRole));
  });

  it('do not swap before, either: what is found in these seconds stands behind what is shown', () => {
    const course = new Course();
    const now = (row: { remedies: IncidentRow['remedies'] }) =>
      row.remedies.filter(({ role }) => role === 'do-now').map(({ text }) => text);
    const first = now(course.play(0, 4, (at) => out(at, { actors: [leaking] })));
    expect(first).not.toEqual([]);
    const seen = Array.from({ length: 20 }, (_, i) =>
      now(course.play(5 + i, 5 + i, (at) => out(at, { actors: [churning, leaking] }))),
    );
    expect(new Set(seen.map(([text]) => text))).toEqual(new Set(first.slice(0, 1)));
  });

  it('stay over a restart of the service, whatever that finds first; what is known better then replaces them in place', () => {
    const course = new Course();
    course.play(0, 4, (at) => out(at, { actors: [leaking] }));
    const both = (at: number) => out(at, { actors: [churning, leaking] });
    const before = course.play(5, 20, both);
    const fresh = new Course().play(0, 20, both);
    expect(shown(fresh)).not.toEqual(shown(before));
    const next = course.next(before, NOW + 25_000);
    for (const at of [26, 30, 36, 45]) expect(shown(next.play(at, at, both))).toEqual(shown(before));
    const more = (at: number) => ({ ...both(at), budgets: [budget({ ...OUT, demandPerSec: 150 })] });
    const later = next.play(46, 60, more);
    expect(shown(later)).toEqual(shown(before));
    expect(about(later, /^Widen/)?.settlesAt).toBeGreaterThan(about(before, /^Widen/)?.settlesAt as number);
    const on = (at: number) => ({
      budgets: [budget({ ...OUT, reuse: 'after-delay', used: 95, timeWait: 94, exhaustionSeconds: null })],
      totals: [totals({ ...NARROW, tcpTwReuse: 1 })],
      failures: [failing(at)],
    });
    expect(
      next.play(61, 75, on).remedies.some(({ text }) => text.startsWith('Done: net.ipv4.tcp_tw_reuse')),
    ).toBe(true);
  });

  it('stay when nobody offers them for a while, with figures of now where they are offered', () => {
    const course = new Course();
    const before = course.play(0, 14, out);
    const more = budget({ ...OUT, demandPerSec: 100 });
    const later = course.play(15, 40, (at) => out(at, { actors: [], budgets: [more] }));
    expect(shown(later).slice(0, before.remedies.length)).toEqual(shown(before));
    expect(about(later, /^Widen/)?.settlesAt).toBeGreaterThan(about(before, /^Widen/)?.settlesAt as number);
  });

  it('keep a setting that was changed, which says so and can be taken back', () => {
    const course = new Course();
    const before = course.play(0, 14, out);
    const at = before.remedies.findIndex(({ text }) => text.startsWith('Let connect'));
    const on = budget({ ...OUT, used: 95, timeWait: 94, reuse: 'after-delay', exhaustionSeconds: null });
    const given = { budgets: [on], totals: [totals({ ...NARROW, tcpTwReuse: 1 })] };
    const later = course.play(15, 25, (second) => out(second, { ...given, failures: [failing(14)] }));
    expect(later.remedies[at]).toMatchObject({
      role: 'do-now',
      text: 'Done: net.ipv4.tcp_tw_reuse was set to 1',
      command: null,
      undo: 'sysctl -w net.ipv4.tcp_tw_reuse="2"',
      snippet: before.remedies[at]?.snippet,
    });
    expect(refused(later)).not.toContain('tcp_tw_reuse');
    /* Taken back while nothing fails and nobody offers it: it is not done any more. */
    const calm = [budget({ limit: 2000, used: 10, timeWait: 9, exhaustionSeconds: null })];
    const quiet = course.play(26, 26, (second) => out(second, { budgets: calm, failures: [failing(14)] }));
    const { text, command, undo } = before.remedies[at] as IncidentRemedy;
    expect(quiet.remedies[at]).toMatchObject({ text, command, undo });
    const back = course.play(27, 30, (second) => out(second));
    expect(shown(back).slice(0, before.remedies.length)).toEqual(shown(before));
  });

  it.each<[string, Partial<TotalsRow>, PortUse['reserved'], string | null]>([
    ['all', { portRange: [1024, 65_535] }, [[8080, 8081]], '1024 65535'],
    ['more than all', { portRange: [1000, 65_535] }, [[8000, 9000]], '1000 65535'],
    ['the range without the ports to reserve', { portRange: [1024, 65_535] }, [[8081, 8081]], null],
    ['another range, narrower', { portRange: [30_000, 30_999] }, [[8080, 8081]], null],
    ['the reserved ports alone', {}, [[8080, 8081]], null],
  ])('say of several settings that they are done for what has been set: %s', (_, parts, reserved, value) => {
    const course = new Course();
    const facts = (spans: PortUse['reserved']): Facts => ({
      ...FACTS,
      portsOf: () => ({ reserved: spans, listening: [8080, 8081] }),
    });
    const before = course.play(0, 14, out, facts([]));
    const at = before.remedies.findIndex(({ text }) => text.startsWith('Widen'));
    const given = { actors: [], totals: [totals({ ...NARROW, ...parts })] };
    const now = course.play(15, 45, (second) => out(second, given), facts(reserved)).remedies[at];
    expect(now).toMatchObject(
      value === null
        ? { text: expect.stringMatching(/^Widen/), command: expect.stringContaining('_range="1024 65535"') }
        : { text: `Done: net.ipv4.ip_local_port_range was set to ${value}`, command: null },
    );
  });

  it('are kept when it is over, and forgotten with its row alone', () => {
    const course = new Course();
    const open = course.play(0, 14, out);
    const calm = budget({ limit: 2000, used: 10, timeWait: 9, exhaustionSeconds: null });
    const over = course.play(15, 80, (at) => out(at, { budgets: [calm], failures: [failing(14)] }));
    expect(over.state).toBe('over');
    expect(shown(over).slice(0, open.remedies.length)).toEqual(shown(open));
  });

  it('keep the command of a process that lives, whichever finding is read first', () => {
    const course = new Course();
    const process = (pid: number) => proc({ pid, exe: '/usr/bin/node', comm: 'node' });
    const two = (first: number, second: number) => [
      actor({ ...churning, key: 'x', process: process(7), program: 'x', openPerSec: first, portsHeld: 1000 }),
      actor({
        ...churning,
        key: 'y',
        process: process(8),
        program: 'y',
        openPerSec: second,
        portsHeld: 1000,
      }),
    ];
    const given = (actors: ReturnType<typeof two>) => (at: number) =>
      out(at, { actors, totals: [totals({ ...NARROW, name: 'web (7)' })] });
    const before = about(course.play(0, 14, given(two(40, 5))), /^Widen/)?.command;
    const later = about(course.play(15, 30, given(two(5, 400))), /^Widen/)?.command;
    expect(later).toBe(before);
    expect(later).toMatch(/^nsenter --net="\$\(find /);
  });
});

const ROLES = ['fix-for-good', 'do-now', 'will-not-help'];
const byRole = (a: string, b: string) => ROLES.indexOf(a) - ROLES.indexOf(b);
