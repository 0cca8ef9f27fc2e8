/** What is an incident, when it begins and ends, who is in it: by hand-made seconds of one machine. */
import { describe, expect, it } from 'vitest';
import { holderOf } from '../../../../src/diagnose/holder.js';
import { effectOn } from '../../../../src/diagnose/incidents/changes/settings.js';
import { ranked } from '../../../../src/diagnose/incidents/finding-parts.js';
import type { Tables } from '../../../../src/diagnose/types.js';
import type { BudgetRow, FailureRow, TotalsRow } from '../../../../src/protocol/rows.js';
import { finding, idOf, proc } from '../../publish/rows.js';
import { actor, budget, FACTS, failure, NETNS, NOW, PLACE, tables, totals, Watch } from '../world.js';

const OTHER_NETNS = 4_026_532_999;
const OUT = { limit: 200, used: 200, exhaustionSeconds: 0, sustainablePerSec: 3.3 };

/** Seconds of one machine; gives what was there in the last. */
function watched(
  given: (at: number) => Partial<Tables>,
  from: number,
  to: number,
  watch = new Watch(),
  facts = FACTS,
) {
  const step = (at: number) => watch.step(tables({ ...given(at), time: NOW + at * 1000 }), [], facts);
  let last = step(from);
  for (let at = from + 1; at <= to; at++) last = step(at);
  return { ...last, watch };
}

/** `perSec` failures a second since NOW. */
const failing = (at: number, perSec: number, parts: Partial<FailureRow> = {}) =>
  failure({
    count: perSec * (at + 1),
    perSec,
    firstSeen: NOW,
    lastSeen: NOW + at * 1000,
    ...parts,
  });

const refused = (at: number, perSec: number, parts: Partial<FailureRow> = {}) =>
  failing(at, perSec, {
    key: 'r',
    errno: 'ECONNREFUSED',
    cause: 'refused',
    budget: null,
    destination: { address: '10.0.0.7', port: 6379 },
    ...parts,
  });

describe('an incident', () => {
  it('opens within seconds of five failures, with a key that says what and since when', () => {
    const { incidents } = watched((at) => ({ failures: [refused(at, 1)] }), 0, 5);
    expect(incidents).toMatchObject([
      {
        key: `refused:${idOf({ netns: NETNS })}::10.0.0.7:6379@${NOW}`,
        kind: 'refused',
        state: 'open',
        severity: 'warning',
        since: NOW,
        failed: 6,
        title: 'Nobody listens on 10.0.0.7:6379: 1.0 connects/s of java (pid 77) are refused.',
        victims: [{ failed: 6, perSec: 1 }],
        culprits: [],
      },
    ]);
  });

  it('is not made of one refused health check in ten seconds: the text mentions it, all is fine', () => {
    const slow = (at: number) => refused(at, 0.1, { count: 1 + Math.floor(at / 10) });
    const { incidents, verdict } = watched((at) => ({ failures: [slow(at)] }), 0, 90);
    expect(incidents).toEqual([]);
    expect(verdict).toMatchObject({ level: 'ok', incident: null, others: 0 });
    expect(verdict.text).toMatch(/^Ports are fine\. .* A few connections to 10\.0\.0\.7:6379 fail\.$/);
  });

  it.each([['aborted'], ['no-source-address']] as const)(
    'is not made of attempts that end as %s',
    (cause) => {
      const { incidents } = watched((at) => ({ failures: [refused(at, 20, { cause })] }), 0, 20);
      expect(incidents).toEqual([]);
    },
  );

  it('opens as a warning when ports run out within ten minutes, and not by a forecast of one second', () => {
    const soon = (exhaustionSeconds: number) => ({ budgets: [budget({ used: 9000, exhaustionSeconds })] });
    expect(watched(() => soon(601), 0, 20).incidents).toEqual([]);
    expect(watched((at) => soon(at === 3 ? 60 : 601), 0, 20).incidents).toEqual([]);
    expect(watched(() => soon(599), 0, 4).incidents).toEqual([]);
    const fuller = { budgets: [budget({ used: 19_000, exhaustionSeconds: 20 })] };
    expect(watched((at) => (at < 4 ? fuller : soon(601)), 0, 20).incidents).toEqual([]);
    expect(watched(() => fuller, 0, 4).incidents).toHaveLength(1);
    const pool = { used: 10, limit: 50, timeWait: 0, established: 10, exhaustionSeconds: 20 };
    expect(watched(() => ({ budgets: [budget(pool)] }), 0, 29).incidents).toEqual([]);
    expect(watched(() => ({ budgets: [budget(pool)] }), 0, 30).incidents).toHaveLength(1);
    const { incidents } = watched(() => soon(599), 0, 5);
    expect(incidents).toMatchObject([
      { kind: 'ports', severity: 'warning', failed: 0, exhaustionSeconds: 599 },
    ]);
  });

  it('is reported again when a warning becomes critical, once, also while ports are out on and off', () => {
    const soon = { budgets: [budget({ used: 20_000, exhaustionSeconds: 60 })] };
    const watch = new Watch();
    const severityAfter = (from: number, to: number, given: (at: number) => Partial<Tables>) =>
      watched(given, from, to, watch).incidents[0]?.severity;
    const out = (at: number) => ({ budgets: [budget(OUT)], failures: [failing(at, 10)] });
    const quiet = () => ({ ...soon, failures: [failing(20, 10)] });
    expect([
      severityAfter(0, 9, () => soon),
      severityAfter(10, 20, out),
      severityAfter(21, 50, quiet),
      severityAfter(51, 60, out),
    ]).toEqual(['warning', 'critical', 'warning', 'critical']);
    expect(watch.entered.map((text) => text.split(' ').at(-1))).toEqual(['open', 'open']);
  });

  it('never has more calls that fail than calls that are tried', () => {
    const given = (demandPerSec: number | null) => (at: number) => ({
      budgets: [budget({ ...OUT, demandPerSec })],
      failures: [failing(at, 40)],
    });
    const demand = (perSec: number | null) => watched(given(perSec), 0, 5).incidents[0]?.demandPerSec;
    expect([demand(14), demand(90), demand(null)]).toEqual([40, 90, null]);
  });

  it('is one while TIME_WAIT entries fill the range each minute anew', () => {
    const cycle = (at: number) => {
      const isOut = at % 60 < 20;
      const outs = Math.floor(at / 60) * 20 + Math.min(20, (at % 60) + 1);
      const lastSeen = NOW + (isOut ? at : Math.floor(at / 60) * 60 + 19) * 1000;
      return {
        budgets: [budget(isOut ? OUT : { limit: 200, used: 120, exhaustionSeconds: null })],
        failures: [failing(at, 10, { count: outs * 10, lastSeen })],
      };
    };
    const { incidents, verdict, watch } = watched(cycle, 0, 310);
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({ state: 'open', since: NOW, failed: 5 * 200 + 110 });
    expect(verdict.text).toMatch(
      /^Out of ports to .*, on and off since 14:02:31, 1,\d+ so far \(EADDRNOTAVAIL\)\.$/,
    );
    expect(watch.entered.filter((text) => text.endsWith('over'))).toEqual([]);
  });

  it('eases ten seconds after the last failure, is over after a minute, and comes again as another one', () => {
    const until = (end: number) => (at: number) => ({
      budgets: [budget(at <= end ? OUT : { limit: 200, used: 10, exhaustionSeconds: null })],
      failures: [failing(Math.min(at, end), 10)],
    });
    const { watch } = watched(until(20), 0, 29);
    const state = (at: number) => watched(until(20), at, at, watch).incidents.map((row) => row.state);
    expect(state(29)).toEqual(['open']);
    expect(state(30)).toEqual(['easing']);
    expect(state(79)).toEqual(['easing']);
    expect(state(80)).toEqual(['over']);
    const again = watched(
      (at) => ({ budgets: [budget(OUT)], failures: [failing(at, 10, { count: 210 + (at - 100) * 10 })] }),
      100,
      105,
      watch,
    );
    expect(again.incidents.map(({ state }) => state)).toEqual(['open', 'over']);
    expect(new Set(again.incidents.map(({ key }) => key)).size).toBe(2);
    expect(again.incidents.map(({ failed }) => failed)).toEqual([60 - 10, 210]);
  });

  it('has no countdown while it eases: what runs out much later is no trouble yet', () => {
    const later = (seconds: number) => (at: number) => ({
      budgets: [budget(at <= 20 ? OUT : { limit: 200, used: 100, free: 100, exhaustionSeconds: seconds })],
      failures: [failing(Math.min(at, 20), 10)],
    });
    expect(watched(later(900), 0, 40).incidents).toMatchObject([
      { state: 'easing', exhaustionSeconds: null },
    ]);
    expect(watched(later(500), 0, 40).incidents).toMatchObject([{ state: 'open', exhaustionSeconds: 500 }]);
  });

  it('is not over while the ports are held that it is about', () => {
    const held = (at: number) => ({
      budgets: [budget(at < 20 ? OUT : { limit: 200, used: 170, exhaustionSeconds: null })],
      failures: [failing(Math.min(at, 20), 10)],
    });
    expect(watched(held, 0, 120).incidents).toMatchObject([{ state: 'easing' }]);
  });

  it('is about programs that try many ports of one host as a whole', () => {
    const port = (at: number, i: number) =>
      refused(at, 1, { key: `r${i}`, count: 1, destination: { address: '10.0.0.7', port: 1000 + i } });
    const scan = (at: number) => ({ failures: Array.from({ length: 10 * (at + 1) }, (_, i) => port(at, i)) });
    const { incidents } = watched(scan, 0, 8);
    expect(incidents).toMatchObject([{ kind: 'scan', destination: { address: '10.0.0.7', port: null } }]);
    expect(incidents[0]?.title).toMatch(/^java \(pid 77\) tries \d+ ports of 10\.0\.0\.7: /);
  });

  it('counts what the kernel dropped for want of TIME_WAIT buckets', () => {
    const watch = new Watch();
    const step = (at: number) =>
      watch.step(
        tables({
          totals: [totals({ timeWaitOverflow: 100 * at, tcpMaxTwBuckets: 16 })],
          time: NOW + at * 1000,
        }),
        [],
        { ...FACTS, overflowPerSec: new Map([['1', 100]]) },
      );
    for (const at of [1, 2, 3]) step(at);
    expect(step(4).incidents).toMatchObject([
      { kind: 'overflow', name: 'host', failed: 300, severity: 'warning' },
    ]);
  });

  it('leaves room for ports, however many others a user makes', () => {
    const many = (at: number) => ({
      budgets: [budget(OUT)],
      failures: [
        ...Array.from({ length: 1000 }, (_, i) =>
          refused(at, 10, { key: `r${i}`, destination: { address: `127.1.${i >> 8}.${i & 255}`, port: 1 } }),
        ),
        failing(at, 10),
      ],
    });
    const { incidents } = watched(many, 0, 5);
    expect(incidents).toHaveLength(200);
    expect(incidents[0]?.kind).toBe('ports');
  });
});

describe('attempts that nobody answers', () => {
  const db = { address: '10.0.0.9', port: 5432 };
  const there = { netns: OTHER_NETNS, netnsId: idOf({ netns: OTHER_NETNS }) };
  const vain = (at: number, perSec: number, parts: Partial<FailureRow> = {}) => {
    const row = failing(at, perSec, {
      errno: null,
      cause: 'aborted',
      budget: null,
      destination: db,
      ...parts,
    });
    return { ...row, unanswered: row.count, unansweredPerSec: perSec, waitedMs: 1002, ...parts };
  };
  const opens = (parts = {}) => actor({ destination: db, openPerSec: 98, ...parts });

  it('are an incident, though the program gave them up itself, and none of the same address elsewhere', () => {
    const actors = [opens(there)];
    const { incidents, verdict } = watched((at) => ({ actors, failures: [vain(at, 16)] }), 0, 5);
    const title = '10.0.0.9:5432 does not answer: 16.0 attempts/s, given up after 1 s, by java (pid 77).';
    expect(incidents).toMatchObject([{ kind: 'no-answer', netns: NETNS, failed: 96, failPerSec: 16, title }]);
    expect(verdict).toMatchObject({ level: 'warning', text: title });
  });

  it('count alone, beside attempts that were cancelled', () => {
    const mixed = (at: number) => [vain(at, 16, { unanswered: 2 * (at + 1), unansweredPerSec: 2 })];
    const { incidents } = watched((at) => ({ actors: [opens()], failures: mixed(at) }), 0, 5);
    expect(incidents).toMatchObject([{ failed: 12, failPerSec: 2, victims: [{ failed: 12, perSec: 2 }] }]);
    expect(incidents[0]?.title).toMatch(/ does not always answer: 2\.0 of 100 attempts\/s, /);
  });

  it('ease and are over as others do, and the title says what it was', () => {
    const until = (at: number) => ({ failures: [vain(Math.min(at, 20), 16)] });
    const { watch } = watched(until, 0, 31);
    expect(watched(until, 32, 32, watch).incidents).toMatchObject([{ kind: 'no-answer', state: 'easing' }]);
    expect(watched(until, 33, 90, watch).incidents).toMatchObject([{ state: 'over', failed: 21 * 16 }]);
  });

  it('are none when one health check in ten seconds gets no answer', () => {
    const check = (at: number) =>
      vain(at, 0.1, { count: 1 + Math.floor(at / 10), unanswered: 1 + Math.floor(at / 10) });
    expect(watched((at) => ({ failures: [check(at)] }), 0, 60).incidents).toEqual([]);
  });
});

describe('a bind() that fails', () => {
  const web = { address: '0.0.0.0', port: 80 };
  const bound = (at: number, parts: Partial<FailureRow> = {}) =>
    failing(at, 2, {
      call: 'bind',
      direction: null,
      destination: web,
      budget: null,
      errno: 'EADDRINUSE',
      cause: 'port-in-use',
      ...parts,
    });

  it('is an incident that names who has the port, of this namespace', () => {
    const holder = proc({ pid: 80, comm: 'nginx', exe: '/usr/sbin/nginx' });
    const nginx = actor({
      key: 'n',
      direction: 'in',
      destination: { address: '10.0.0.1', port: 80 },
      process: holder,
    });
    const { incidents } = watched((at) => ({ actors: [nginx], failures: [bound(at)] }), 0, 5);
    expect(incidents).toMatchObject([
      {
        kind: 'bind',
        severity: 'warning',
        destination: web,
        title:
          'bind() of java (pid 77) asks for 0.0.0.0:80, which nginx (pid 80) has: 2.0/s fail (EADDRINUSE).',
      },
    ]);
    const elsewhere = { ...nginx, netns: OTHER_NETNS, netnsId: idOf({ netns: OTHER_NETNS }) };
    const other = watched((at) => ({ actors: [elsewhere], failures: [bound(at)] }), 0, 5).incidents;
    expect(other[0]?.title).toContain('which is in use');
  });

  it('is none when a program tries one port after the other', () => {
    const port = (i: number) =>
      bound(0, { key: `p${i}`, count: 1, perSec: 0.1, destination: { address: '0.0.0.0', port: 4040 + i } });
    expect(
      watched((at) => ({ failures: Array.from({ length: at + 1 }, (_, i) => port(i)) }), 0, 15).incidents,
    ).toEqual([]);
  });
});

describe('the people of an incident', () => {
  const wrk = proc({ pid: 5, name: 'wrk', comm: 'wrk', exe: '/usr/bin/wrk' });
  const curl = proc({ pid: 6, name: 'curl', comm: 'curl', exe: '/usr/bin/curl' });
  const held = { budgets: [budget({ ...OUT, holders: [{ process: wrk, ports: 199 }] })] };
  const of = (process: typeof wrk, portsHeld: number, parts = {}) =>
    actor({ key: `${process.pid}`, process, program: process.name, portsHeld, ...parts });

  it('are named by what they hold now, not by how fast they open', () => {
    const actors = [of(wrk, 199, { openPerSec: 0 }), of(curl, 1, { openPerSec: 50 })];
    const { incidents } = watched((at) => ({ ...held, actors, failures: [failing(at, 10)] }), 0, 3);
    expect(incidents[0]?.culprits).toMatchObject([{ process: { name: 'wrk' }, ports: 199, share: 0.995 }]);
  });

  it('stay who caused it when its failures have ended, whoever opens connections meanwhile', () => {
    const calm = (ports: number, process = curl) =>
      budget({ limit: 200, used: ports, exhaustionSeconds: null, holders: [{ process, ports }] });
    const given = (at: number) =>
      at <= 10
        ? { ...held, actors: [of(wrk, 199), of(curl, 1)], failures: [failing(at, 10)] }
        : {
            budgets: [calm(Math.max(30, 199 - 10 * (at - 10)))],
            actors: [of({ ...wrk, exited: true }, Math.max(0, 199 - 20 * (at - 10))), of(curl, 30)],
            failures: [failing(10, 10)],
          };
    const { watch } = watched(given, 0, 10);
    const culpritsAt = (at: number) => watched(given, at, at, watch).incidents[0]?.culprits;
    for (let at = 11; at <= 75; at++)
      expect(culpritsAt(at), `${at}`).toMatchObject([
        { process: { name: 'wrk', exited: true }, ports: 199, share: 0.995 },
      ]);
  });

  it('are who holds the ports when calls fail again', () => {
    const again = (process: typeof wrk, at: number, count: number) => ({
      budgets: [budget({ ...OUT, holders: [{ process, ports: 200 }] })],
      actors: [of(process, 200)],
      failures: [failing(at, 10, { count })],
    });
    const { watch } = watched((at) => again(wrk, at, 10 * (at + 1)), 0, 5);
    watched(() => ({ budgets: [], actors: [], failures: [failing(5, 10)] }), 6, 30, watch);
    const { incidents } = watched((at) => again(curl, at, 10 * (at - 24)), 31, 35, watch);
    expect(incidents).toMatchObject([{ state: 'open', culprits: [{ process: { name: 'curl' } }] }]);
  });

  it('are of its namespace: the same place in another one is another incident', () => {
    const there = { netns: OTHER_NETNS, netnsId: idOf({ netns: OTHER_NETNS }) };
    const actors = [of(wrk, 200), of(curl, 190, there)];
    const budgets = [
      budget(OUT),
      budget({ ...OUT, ...there, key: 'b2', holders: [{ process: curl, ports: 190 }] }),
    ];
    const failures = (at: number) => [
      failing(at, 10),
      failing(at, 90, { ...there, key: 'f2', budget: 'b2', process: curl }),
    ];
    const { incidents, verdict } = watched((at) => ({ actors, budgets, failures: failures(at) }), 0, 5);
    expect(
      incidents.map(({ netns, culprits }) => [netns, culprits.map(({ process }) => process.name)]),
    ).toEqual([
      [OTHER_NETNS, ['curl']],
      [NETNS, ['wrk']],
    ]);
    expect(verdict).toMatchObject({ budget: 'b2', others: 1, incident: incidents[0]?.key });
    expect(verdict.text).toContain('90.0 connects/s fail');
    expect(verdict.text).toMatch(/ And 1 more: no port to 10\.0\.0\.9:8080 is free in host\.$/);
  });

  it('are of its own budget, where their programs connect from several addresses', () => {
    const actors = [of(wrk, 500, { openPerSec: 5 }), of(curl, 150)];
    const holders = [
      { process: curl, program: 'curl', ports: 120 },
      { process: { ...curl, pid: 7 }, program: 'curl', ports: 30 },
      { process: wrk, program: 'wrk', ports: 50 },
    ];
    const facts = { ...FACTS, holdersOf: (key: string) => (key === 'b' ? holders : null) };
    const budgets = [budget({ ...OUT, holders: [{ process: curl, ports: 120 }] })];
    const { incidents } = watched(
      (at) => ({ actors, budgets, failures: [failing(at, 10)] }),
      0,
      3,
      new Watch(),
      facts,
    );
    expect(incidents[0]?.culprits).toMatchObject([
      { process: { name: 'curl', pid: 6 }, ports: 150, share: 0.75 },
      { process: { name: 'wrk' }, ports: 50, share: 0.25 },
    ]);
    expect(holderOf(budgets[0] as BudgetRow, actors)?.process.name).toBe('curl');
  });

  it('share a figure of all: it is not said of one of them', () => {
    const budgets = [budget({ ...OUT, demandPerSec: 69, sustainablePerSec: 3.3, holders: [] })];
    const third = proc({ pid: 7, name: 'third', exe: '/usr/bin/third' });
    const title = (...actors: ReturnType<typeof of>[]) =>
      watched((at) => ({ actors, budgets, failures: [failing(at, 10, { process: wrk })] }), 0, 3).incidents[0]
        ?.title;
    expect(title(of(wrk, 100), of(curl, 100))).toBe(
      'wrk (pid 5) and curl (pid 6) try 69.0 connections/s to 10.0.0.9:8080 together; 200 ports allow 3.3/s.',
    );
    expect(title(of(wrk, 80), of(curl, 70), of(third, 50))).toMatch(
      /^wrk \(pid 5\), curl \(pid 6\) and 1 more try 69\.0 connections\/s .* together;/,
    );
    expect(title(of(wrk, 196), of(curl, 4))).toMatch(/^wrk \(pid 5\) tries 69\.0 /);
    /* Nobody is known of what is older than the service: it tries nothing. */
    const stranger = proc({ pid: null, name: null, comm: null, exe: null });
    expect(title(of(wrk, 140), of(stranger, 60))).toMatch(/^wrk \(pid 5\) tries 69\.0 /);
    expect(title(of(wrk, 80), of(curl, 60), of(stranger, 60))).toMatch(
      /^wrk \(pid 5\) and curl \(pid 6\) try 69\.0 /,
    );
    /* Whose the ports are is not known, and one program makes nearly all calls. */
    const unheld = (perSec: number) =>
      watched(
        (at) => ({
          actors: [of(stranger, 200)],
          budgets,
          failures: [failing(at, perSec, { process: wrk })],
        }),
        0,
        3,
      ).incidents[0]?.title;
    expect(unheld(66)).toMatch(/^wrk \(pid 5\) tries 69\.0 /);
    expect(unheld(40)).toMatch(/^Programs try 69\.0 /);
    /* Of these 69 another program makes ten. */
    expect(title(of(curl, 200))).toMatch(/^curl \(pid 6\) and others try 69\.0 /);
  });

  it('are those whose bind() blocks the ports, not who finds none', () => {
    const rows = { limit: 200, used: 3, blocked: 200, free: 0, exhaustionSeconds: 0 };
    const asked = { demandPerSec: 10, sustainablePerSec: 0 };
    const given = (blockers: BudgetRow['blockers']) =>
      watched(
        (at) => ({
          actors: [of(curl, 3)],
          budgets: [budget({ ...rows, ...asked, blockers, holders: [{ process: curl, ports: 3 }] })],
          failures: [failing(at, 10, { process: curl })],
        }),
        0,
        3,
      ).incidents[0];
    expect(given([{ process: wrk, ports: 200 }])).toMatchObject({
      culprits: [{ process: { name: 'wrk' }, ports: 200 }],
      victims: [{ process: { name: 'curl' } }],
      title: 'bind() of wrk (pid 5) blocks 200 of the 200 ports to 10.0.0.9:8080.',
    });
    expect(given([])).toMatchObject({
      culprits: [],
      title: 'bind() of other programs blocks 200 of the 200 ports to 10.0.0.9:8080.',
    });
  });

  it('hold no more ports than there are, where they were counted a moment before the budget', () => {
    const late = {
      limit: 1000,
      used: 990,
      free: 0,
      exhaustionSeconds: 0,
      holders: [{ process: wrk, ports: 985 }],
    };
    const { incidents } = watched(
      (at) => ({ actors: [of(wrk, 1015)], budgets: [budget(late)], failures: [failing(at, 10)] }),
      0,
      3,
    );
    expect(incidents[0]?.title).toMatch(/^wrk \(pid 5\) holds 1,000 of the 1,000 ports to /);
  });

  it('hold no more ports than there are: what lies outside of the range is said apart', () => {
    const pool = { kind: 'bind-pool' as const, limit: 2000, used: 3660, free: 0, exhaustionSeconds: 0 };
    const actors = [of(wrk, 0, { bound: 3660 })];
    const budgets = [budget({ ...pool, holders: [{ process: wrk, ports: 3660 }] })];
    const bind = { call: 'bind' as const, cause: 'bind-pool-exhausted' as const, errno: 'EADDRINUSE' };
    const { incidents } = watched((at) => ({ actors, budgets, failures: [failing(at, 10, bind)] }), 0, 3);
    expect(incidents[0]?.title).toMatch(
      /^wrk \(pid 5\) holds 2,000 of the 2,000 ports that bind\(\) can give on .*, and 1,660 outside of the range\.$/,
    );
  });

  it('are one incident where bind() fails and no connect() asks, whoever chose the ports that are held', () => {
    const bind = { call: 'bind' as const, cause: 'bind-pool-exhausted' as const, errno: 'EADDRINUSE' };
    const pool = budget({ ...OUT, key: 'pool', kind: 'bind-pool' as const, demandPerSec: 10 });
    const kinds = (demandPerSec: number) =>
      watched(
        (at) => ({
          actors: [of(wrk, 200)],
          budgets: [pool, budget({ ...OUT, demandPerSec })],
          failures: [failing(at, 10, { ...bind, budget: 'pool' })],
        }),
        0,
        5,
      ).incidents.map(({ kind }) => kind);
    expect(kinds(0)).toEqual(['bind-pool']);
    expect(kinds(9).sort()).toEqual(['bind-pool', 'ports']);
  });

  it('have no name when it cannot be known', () => {
    const { incidents } = watched(
      (at) => ({
        budgets: [budget({ ...OUT, sustainablePerSec: null, holders: [] })],
        failures: [failing(at, 10)],
      }),
      0,
      3,
    );
    expect(incidents[0]).toMatchObject({ culprits: [], title: 'The 200 ports to 10.0.0.9:8080 are taken.' });
  });

  it('are victims by what failed since it began', () => {
    const old = failing(0, 0, {
      key: 'old',
      count: 500,
      firstSeen: NOW - 3_600_000,
      lastSeen: NOW - 3_000_000,
    });
    const watch = new Watch();
    watched(() => ({ budgets: [budget({ used: 10 })], failures: [old] }), -3, -1, watch);
    const more = (at: number) => ({
      ...old,
      count: 500 + 7 * (at + 1),
      perSec: 7,
      lastSeen: NOW + at * 1000,
    });
    const { incidents } = watched((at) => ({ budgets: [budget(OUT)], failures: [more(at)] }), 0, 4, watch);
    expect(incidents[0]).toMatchObject({ failed: 35, victims: [{ failed: 35, perSec: 7 }] });
  });

  const loopOf = (pid: number) => ({ process: proc({ pid, comm: 'curl', exe: '/usr/bin/curl' }) });
  const victims = (...rows: Partial<FailureRow>[]) => {
    const all = (at: number) => rows.map((row, i) => refused(at, 1, { key: `r${i}`, program: null, ...row }));
    const [row] = watched((at) => ({ failures: all(at) }), 0, 5).incidents;
    return row?.victims.map(({ process, program, failed }) => [process.pid, program, failed]);
  };

  it('are one for a process whose program is not known, however many rows it has', () => {
    expect(victims(loopOf(7), { ...loopOf(7), errno: 'ECONNRESET' }, loopOf(8))).toEqual([
      [7, null, 12],
      [8, null, 6],
    ]);
  });

  it('are one for a program and its processes that have just begun', () => {
    const known = { ...loopOf(7), program: 'curl (loop.sh)' };
    expect(victims({ ...loopOf(8), count: 50 }, known, loopOf(9))).toEqual([
      [null, 'curl (loop.sh)', 56 + 6],
    ]);
  });

  it('are not one where the file does not say which program it is', () => {
    const python = (pid: number, script: string | null) => ({
      process: proc({ pid, comm: 'python3', exe: '/usr/bin/python3', script }),
    });
    const loops = [
      { ...loopOf(1), program: 'curl (a.sh)' },
      { ...loopOf(2), program: 'curl (b.sh)' },
    ];
    expect(victims(...loops, loopOf(3))).toHaveLength(3);
    expect(victims({ ...python(1, null), program: 'python3 (sh)' }, python(2, null))).toHaveLength(2);
  });
});

describe('what is changed while it goes on', () => {
  const settings = (at: number, changed: number, parts: Partial<TotalsRow>) => [
    totals({ tcpTwReuse: 2, ...(at >= changed ? parts : {}) }),
  ];

  it('is told with its effect when that worked', () => {
    const given = (at: number) => ({
      budgets: [budget(at < 35 ? OUT : { limit: 200, used: 199, timeWait: 199, reuse: 'after-delay' })],
      totals: settings(at, 30, { tcpTwReuse: 1 }),
      failures: [failing(Math.min(at, 35), 90)],
    });
    const { incidents, verdict } = watched(given, 0, 60);
    expect(incidents[0]?.changes).toEqual([
      {
        kind: 'setting',
        time: NOW + 30_000,
        text: 'tcp_tw_reuse 2 → 1',
        failPerSecBefore: 90,
        failPerSecAfter: 0,
        afterSeconds: 5,
        worked: true,
      },
    ]);
    expect(verdict.level).toBe('recovered');
    expect(verdict.text).toMatch(/ Fix worked: 90\.0 → 0 failures\/s, 5 s after tcp_tw_reuse 2 → 1\.$/);
  });

  it('is told when that did not work', () => {
    const given = (at: number) => ({
      budgets: [budget(OUT)],
      totals: settings(at, 30, { reservedPorts: 20 }),
      failures: [failing(at, 90)],
    });
    const { incidents } = watched(given, 0, 70);
    expect(incidents[0]?.changes).toMatchObject([
      { worked: false, failPerSecBefore: 90, failPerSecAfter: 90 },
    ]);
  });

  it.each<[string, Partial<TotalsRow>]>([
    ['more reserved ports', { reservedPorts: 1 }],
    ['a range that is narrower', { portRange: [32_768, 32_900] }],
    ['tcp_tw_reuse for loopback alone', { tcpTwReuse: 0 }],
    ['another setting', { tcpFinTimeout: 70 }],
  ])('is not said to have worked when it cannot have: %s', (_, parts) => {
    const given = (at: number) => ({
      budgets: [budget(at < 35 ? OUT : { limit: 200, used: 10, exhaustionSeconds: null })],
      totals: settings(at, 30, parts),
      failures: [failing(Math.min(at, 35), 90)],
    });
    const { incidents, verdict } = watched(given, 0, 60);
    expect(incidents[0]?.changes).toMatchObject([
      { worked: false, failPerSecBefore: 90, failPerSecAfter: 0 },
    ]);
    expect(verdict.text).not.toContain('worked');
  });

  it('is not said to have worked when nothing had failed before it', () => {
    const quiet = { limit: 200, used: 170, exhaustionSeconds: null };
    const given = (at: number) => ({
      budgets: [budget(at <= 20 ? OUT : quiet)],
      totals: settings(at, 40, { tcpTwReuse: 1 }),
      failures: [failing(Math.min(at, 20), 90)],
    });
    const { incidents } = watched(given, 0, 46);
    expect(incidents[0]).toMatchObject({
      state: 'easing',
      changes: [{ worked: false, failPerSecBefore: 0, failPerSecAfter: 0 }],
    });
    const again = (at: number) => ({
      ...given(at),
      budgets: [budget(at > 41 && at < 45 ? OUT : quiet)],
      failures: [failing(at < 42 ? Math.min(at, 20) : Math.min(at, 45), 90)],
    });
    expect(watched(again, 0, 60).incidents[0]?.changes).toMatchObject([{ worked: false }]);
  });

  it('is said to have worked where ports were about to run out again, and none had failed just then', () => {
    const given = (calmFrom: number) => (at: number) => {
      const isCalm = at >= calmFrom;
      const filling = { limit: 200, used: 190, exhaustionSeconds: 8, sustainablePerSec: 3.3 };
      return {
        budgets: [
          budget(at <= 20 ? OUT : isCalm ? { ...filling, limit: 28_232, exhaustionSeconds: null } : filling),
        ],
        totals: settings(at, 40, { portRange: [1024, 65_535] }),
        failures: [failing(Math.min(at, 20), 90)],
      };
    };
    const mended = watched(given(40), 0, 60);
    expect(mended.incidents[0]?.changes).toMatchObject([{ worked: true, failPerSecBefore: 0 }]);
    expect(mended.verdict.text).toContain(
      ' Fix worked: nothing failed after ip_local_port_range 32768 60999 → 1024 65535.',
    );
    expect(watched(given(33), 0, 46).incidents[0]?.changes).toMatchObject([{ worked: false }]);
  });

  it('is said to have worked where ports only threatened to run out', () => {
    const given = (at: number) => ({
      budgets: [
        budget({ limit: 28_232, used: 9000, sustainablePerSec: 200, exhaustionSeconds: at < 31 ? 60 : null }),
      ],
      totals: settings(at, 30, { tcpTwReuse: 1 }),
    });
    expect(watched(given, 0, 40).incidents[0]?.changes).toMatchObject([
      { worked: true, failPerSecBefore: 0 },
    ]);
  });

  it('is not said to have worked while another incident on the same ports goes on', () => {
    const other = { key: 'b2', source: { address: '10.0.0.2' } };
    const given = (end: number) => (at: number) => ({
      budgets: [
        budget(at < 32 ? OUT : { limit: 200, used: 10, exhaustionSeconds: null }),
        budget({ ...OUT, ...other, ...(at < end ? {} : { used: 10, free: 190, exhaustionSeconds: null }) }),
      ],
      totals: settings(at, 30, { tcpTwReuse: 1 }),
      failures: [
        failing(Math.min(at, 31), 90),
        failing(Math.min(at, end - 1), 20, { key: 'f2', budget: 'b2' }),
      ],
    });
    const of = (end: number, to: number) =>
      watched(given(end), 0, to).incidents.map(({ changes }) => changes.map(({ worked }) => worked));
    expect(of(99, 45)).toEqual([[null], [null]]);
    expect(of(99, 65)).toEqual([[false], [false]]);
    expect(of(40, 46)).toEqual([[true], [true]]);
  });

  it('has a final word when it is over', () => {
    const given = (at: number) => ({
      budgets: [
        budget(at >= 5 && at < 30 ? { limit: 28_232, used: 9000, exhaustionSeconds: 60 } : { used: 9000 }),
      ],
      totals: settings(at, 3, { reservedPorts: 20 }),
    });
    const before = watched(given, 0, 40);
    expect(before.incidents[0]?.changes).toMatchObject([{ text: 'reserved ports 0 → 20', worked: null }]);
    expect(watched(given, 41, 100, before.watch).incidents).toMatchObject([
      { state: 'over', changes: [{ worked: false }] },
    ]);
  });

  it('does not mend a pool of bind() by tcp_tw_reuse', () => {
    expect(effectOn('bind-pool', 'tcp_tw_reuse 2 → 1')).toBe('neither');
    expect(effectOn('ports', 'tcp_tw_reuse 2 → 1')).toBe('helps');
  });

  const gamma = proc({ pid: 7, name: 'gamma.py', comm: 'python3', exe: '/usr/bin/python3' });
  /** gamma.py is tried out of ports until it ends; what is opened after that, a second. */
  const ending =
    (end: number, openPerSec: number, parts: (at: number) => Partial<TotalsRow>) => (at: number) => ({
      budgets: [
        budget({
          ...(at <= end ? OUT : { ...OUT, used: 60, exhaustionSeconds: null }),
          holders: [{ process: gamma, ports: 150 }],
        }),
      ],
      totals: [totals({ tcpTwReuse: 2, ...parts(at) })],
      failures: [failing(Math.min(at, end), 60, { process: gamma })],
      actors: [
        actor({
          process: { ...gamma, exited: at > end },
          portsHeld: 150,
          opened: 1000 + Math.max(0, at - end) * openPerSec,
        }),
      ],
    });
  const changesOf = ({
    incidents,
  }: {
    incidents: { changes: { text: string; worked: boolean | null }[] }[];
  }) => incidents[0]?.changes.map(({ text, worked }) => [text, worked]);

  it('is not said to have worked when its culprit has ended, and who ended is told', () => {
    const given = ending(38, 0, (at) => ({ portRange: [40_000, at < 30 ? 40_199 : 40_200] }));
    const seen = watched(given, 0, 60);
    expect(changesOf(seen)).toEqual([
      ['ip_local_port_range 40000 40199 → 40000 40200', false],
      ['gamma.py (pid 7) ended', false],
    ]);
    expect(seen.incidents[0]?.changes[0]?.failPerSecAfter).toBeNull();
    expect(seen.verdict.text).toMatch(/; 2,340 connects failed\. gamma\.py \(pid 7\) ended\.$/);
  });

  it('is nothing, and who ended is told with what that did', () => {
    const given = ending(38, 0, () => ({}));
    const seen = watched(given, 0, 42);
    expect(changesOf(seen)).toEqual([]);
    expect(watched(given, 43, 43, seen.watch).incidents[0]?.changes).toEqual([
      {
        kind: 'end',
        time: NOW + 38_000,
        text: 'gamma.py (pid 7) ended',
        failPerSecBefore: 60,
        failPerSecAfter: 0,
        afterSeconds: null,
        worked: false,
      },
    ]);
    const { incidents, verdict } = watched(given, 44, 150, seen.watch);
    expect(incidents).toMatchObject([{ state: 'over', changes: [{ kind: 'end' }] }]);
    expect(verdict.text).toMatch(/^Recovered at .* gamma\.py \(pid 7\) ended\.$/);
  });

  it.each<[string, Partial<typeof gamma>]>([
    ['lives', { exited: false }],
    ['has many processes, of which each one ends', { pid: null }],
    ['has no name that is known', { name: null }],
  ])('is nothing, and nobody is said to have ended who %s', (_, parts) => {
    const given = (at: number) => {
      const one = { ...gamma, exited: at > 38, ...parts };
      const { budgets = [], actors = [], ...rest } = ending(38, 0, () => ({}))(at);
      return {
        ...rest,
        budgets: budgets.map((row) => ({ ...row, holders: [{ process: one, ports: 150 }] })),
        actors: actors.map((row) => ({ ...row, process: one })),
      };
    };
    expect(changesOf(watched(given, 0, 99))).toEqual([]);
  });

  /** Another gamma.py, of another unit, that begins so many seconds after NOW. */
  const another = (begins: number) =>
    proc({ ...gamma, pid: 9, startTime: NOW + begins * 1000, unit: 'gamma2.service' });
  const beside = (begins: number) => (at: number) => {
    const { actors, ...rest } = ending(38, 0, () => ({}))(at);
    const second = actor({ key: 'a2', program: 'gamma.py (sh)', process: another(begins), portsHeld: 10 });
    return { ...rest, actors: at > begins ? [...actors, second] : actors };
  };

  it.each([
    ['after it had ended', 39, 1],
    ['a moment before it ended, as who hands over', 34, 1],
    ['long before it ended, and ran beside it', 10, 0],
    ['before it was seen', -60, 0],
  ])('is a process that was started again only when the next one began %s', (_, begins, times) => {
    const texts = watched(beside(begins), 0, 70).incidents[0]?.changes.map(({ text }) => text) ?? [];
    expect(texts.filter((text) => text.includes('again'))).toEqual(
      Array(times).fill('gamma.py started again: pid 7 → 9'),
    );
  });

  it('is no process that was started again while the one before it lives', () => {
    const texts = watched(beside(34), 0, 37).incidents[0]?.changes.map(({ text }) => text);
    expect(texts).toEqual([]);
  });

  it('is said to have worked when as much is tried as before, whoever ended', () => {
    const given = ending(38, 20, (at) => ({ tcpTwReuse: at < 30 ? 2 : 1 }));
    expect(changesOf(watched(given, 0, 60))).toEqual([['tcp_tw_reuse 2 → 1', true]]);
  });

  it('is about FIN_WAIT2 alone where it is tcp_fin_timeout', () => {
    const given = ending(38, 20, (at) => ({ tcpFinTimeout: at < 30 ? 60 : 45 }));
    expect(changesOf(watched(given, 0, 60))).toEqual([
      ['tcp_fin_timeout 60 → 45', false],
      ['gamma.py (pid 7) ended', false],
    ]);
    const waiting = (at: number) => ({
      ...given(at),
      actors: given(at).actors.map((one) => ({ ...one, finWait2: 150 })),
    });
    expect(changesOf(watched(waiting, 0, 60))).toEqual([['tcp_fin_timeout 60 → 45', true]]);
  });

  it.each([
    [26, 60],
    [5, null],
  ])('has no part of what a change %i s later did', (later, after) => {
    const given = ending(20 + later, 20, (at) => ({
      tcpMaxTwBuckets: at < 20 ? 1000 : 2000,
      tcpTwReuse: at < 20 + later ? 2 : 1,
    }));
    const { incidents } = watched(given, 0, 70);
    expect(incidents[0]?.changes).toMatchObject([
      { text: 'tcp_max_tw_buckets 1000 → 2000', worked: false, failPerSecAfter: after },
      { text: 'tcp_tw_reuse 2 → 1', worked: true, failPerSecAfter: 0 },
    ]);
  });

  it('worked, also where the budget shows it a second before it is read', () => {
    const given = (at: number) => {
      const { budgets, ...rest } = ending(30, 20, () => ({ tcpTwReuse: at < 30 ? 2 : 1 }))(at);
      const sustainablePerSec = at < 29 ? 3.3 : 200;
      return { ...rest, budgets: budgets?.map((row) => ({ ...row, sustainablePerSec })) };
    };
    expect(changesOf(watched(given, 0, 60))).toEqual([['tcp_tw_reuse 2 → 1', true]]);
  });

  it('has no credit any more at once when it is set back, also when the incident is over', () => {
    const back = (set: number) => ending(30, 20, (at) => ({ tcpTwReuse: at < 30 || at >= set ? 2 : 1 }));
    expect(watched(back(50), 0, 49).verdict.text).toContain('Fix worked');
    for (const set of [50, 110]) {
      const { incidents, verdict } = watched(back(set), 0, set);
      expect(incidents[0]?.state).toBe(set === 50 ? 'easing' : 'over');
      expect(incidents[0]?.changes[0]).toMatchObject({ worked: false, failPerSecAfter: null });
      expect(verdict.text).not.toContain('worked');
    }
  });

  it('or shortly before it, is told with what came after, as far as it may be why', () => {
    const given = (at: number) => ({
      budgets: [budget(at < 30 ? { limit: 28_232, used: 100, exhaustionSeconds: null } : OUT)],
      totals: [
        totals({
          portRange: at < 28 ? [1024, 65_535] : [32_768, 32_967],
          reservedPorts: at < 27 ? 5 : 0,
          tcpFinTimeout: at < 29 ? 60 : 61,
        }),
      ],
      failures: at < 30 ? [] : [failing(at - 30, 90, { firstSeen: NOW + 30_000, lastSeen: NOW + at * 1000 })],
    });
    const { incidents } = watched(given, 0, 45);
    expect(incidents[0]?.changes.map(({ text }) => text)).toEqual([
      'ip_local_port_range 1024 65535 → 32768 32967',
      'tcp_fin_timeout 60 → 61',
    ]);
    expect(incidents[0]?.changes[0]).toMatchObject({
      time: NOW + 28_000,
      failPerSecBefore: 0,
      failPerSecAfter: 90,
      worked: false,
    });
    const refusing = (at: number) => ({
      ...given(at),
      budgets: [],
      failures: at < 30 ? [] : [refused(at - 30, 9, { firstSeen: NOW + 30_000, lastSeen: NOW + at * 1000 })],
    });
    expect(watched(refusing, 0, 45).incidents).toMatchObject([{ kind: 'refused', changes: [] }]);
  });

  it('is of its namespace alone', () => {
    const given = (at: number) => ({
      budgets: [budget(OUT)],
      totals: [totals(), totals({ key: '2', netns: OTHER_NETNS, netnsId: '2', tcpTwReuse: at < 5 ? 2 : 1 })],
      failures: [failing(at, 90)],
    });
    expect(watched(given, 0, 20).incidents[0]?.changes).toEqual([]);
  });
});

describe('findings', () => {
  const given = (at: number) => ({ budgets: [budget(OUT)], failures: [failing(at, 10), refused(at, 10)] });
  const about = { netns: NETNS, destination: PLACE };
  const findings = [
    finding('churn', { ...about, rule: 'connection-churn' }),
    finding('full', { ...about, rule: 'port-exhaustion' }),
    finding('storm', { netns: NETNS, rule: 'retry-storm', destination: { address: '10.0.0.7', port: 6379 } }),
    finding('elsewhere', { ...about, netns: OTHER_NETNS, rule: 'connection-churn' }),
    finding('ended', { ...about, rule: 'connection-churn', resolved: NOW }),
  ];

  it('belong to the incident of their place, and one speaks for each', () => {
    const { watch } = watched(given, 0, 5);
    const said = watch.step(tables({ ...given(6), time: NOW + 6000 }), findings);
    const [ports, storm] = said.incidents;
    expect(said.findings.map(({ incident, part }) => [incident, part])).toEqual([
      [ports?.key, false],
      [ports?.key, true],
      [storm?.key, false],
      [null, false],
      [null, false],
    ]);
    expect(ports?.findings).toEqual(['churn', 'full']);
    expect(said.verdict).toMatchObject({ finding: 'churn', incident: ports?.key });
    const keys = (incident: string | null | undefined) =>
      ranked(said.findings, incident ?? null).map(({ key }) => key);
    expect(keys(storm?.key)).toEqual(['storm', 'churn', 'full', 'elsewhere', 'ended']);
    expect(keys(null)).toEqual(['churn', 'full', 'storm', 'elsewhere', 'ended']);
  });
});

describe('the verdict of several incidents', () => {
  it('is green when none is open, and says what is new when ports are free again', () => {
    const given = (at: number) => ({
      budgets: [budget(at < 10 ? OUT : { limit: 200, used: 10, exhaustionSeconds: null })],
      failures: [
        failing(Math.min(at, 10), 10),
        ...(at < 30
          ? []
          : [refused(at - 30, 140)].map((row) => ({
              ...row,
              firstSeen: NOW + 30_000,
              lastSeen: NOW + at * 1000,
            }))),
      ],
    });
    const { watch, verdict } = watched(given, 0, 25);
    expect(verdict.level).toBe('recovered');
    const later = watched(given, 26, 40, watch).verdict;
    expect(later.level).toBe('warning');
    expect(later.text).toMatch(
      /^Ports are free again\. New: nobody listens on 10\.0\.0\.7:6379: 140 connects\/s/i,
    );
  });

  it('keeps its words for ten seconds, and until a number moved by a fifth', () => {
    const given = (at: number) => ({
      budgets: [budget(OUT)],
      failures: [failing(at, 0, { perSec: 100 + at, count: 100 * (at + 1) })],
    });
    const texts = new Set<string>();
    const watch = new Watch();
    for (let at = 1; at <= 60; at++) texts.add(watched(given, at, at, watch).verdict.text);
    expect(texts.size).toBeLessThanOrEqual(4);
  });
});

describe('a culprit', () => {
  it('has a share of what is held: all of them have no more than that together', () => {
    const holding = (key: string, portsHeld: number) =>
      actor({ key, portsHeld, timeWait: portsHeld, program: `${key} (bash)` });
    const { incidents } = watched(
      () => ({ budgets: [budget(OUT)], actors: [holding('a', 200), holding('b', 200)] }),
      0,
      5,
    );
    expect(incidents[0]?.culprits.map(({ share }) => share)).toEqual([0.5, 0.5]);
  });
});

describe('a title', () => {
  it('names who holds the ports now, ten seconds after the one before at the latest, though no number has moved', () => {
    const holding = (pid: number) => {
      const process = proc({ pid, name: 'queue.py', comm: 'python3', exe: '/usr/bin/python3' });
      const holders = [{ process, ports: 190 }];
      return {
        budgets: [budget({ ...OUT, holders, demandPerSec: 40, openPerSec: 40 })],
        actors: [actor({ process, portsHeld: 190, openPerSec: 40 })],
      };
    };
    const given = (at: number) => ({ ...holding(at < 20 ? 7 : 9), failures: [failing(at, 30)] });
    const titled = (to: number) => watched(given, 0, to).incidents[0]?.title;
    expect(titled(19)).toMatch(/^queue\.py \(pid 7\) /);
    expect(titled(30)).toMatch(/^queue\.py \(pid 9\) /);
  });

  it('follows the number that stands in it, also while nothing fails', () => {
    const given = (at: number) => ({
      budgets: [budget({ limit: 1055, used: at < 15 ? 242 : 1055, exhaustionSeconds: at < 15 ? 30 : 0 })],
      actors: [actor({ portsHeld: at < 15 ? 242 : 1055 })],
    });
    const { incidents } = watched(given, 0, 35);
    expect(incidents).toMatchObject([{ failPerSec: 0, culprits: [{ ports: 1055 }] }]);
    expect(incidents[0]?.title).toContain(' holds 1,055 of the 1,055 ports ');
  });
});
