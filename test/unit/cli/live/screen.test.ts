/** The live screen in five states, line by line at 80x24; and what it never leaves out, at any size. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { SceneMaker } from '../../../../src/cli/live/scene.js';
import type { FlowRow, IncidentRow } from '../../../../src/protocol/rows.js';
import * as published from '../../publish/rows.js';
import { budget, connectionEvent, failure, flow, processInfo, totals } from '../rows.js';
import { calm, DATABASE, flows, full, IMPORTER, incident, ORDERS, trouble } from './rows.js';
import { NOW, type Parts, portsOf, sceneOf, screenOf } from './scenes.js';
import { STATES } from './states.js';

const picture = (parts: Parts) => screenOf(sceneOf(parts)).join('\n');

describe('at 80x24', () => {
  it('calm', () =>
    expect(picture({ rows: calm })).toMatchInlineSnapshot(`
    "portchurn  ●live 23:04:41  owned 99.8 %  1 namespace                      ?:help
    ✓ Ports are fine. Tightest budget: <0.1 % to 10.77.0.9:5432.
      w: what would be if …


    ─ BUDGETS ──────────────────────────────────────── ports that come back in 60 s
    ✓ 10.77.0.9:5432        ░░░░░░░░░░     12/28,232 no
    ─ WHO by process · sort blame ──────────────────────────────────────────────────
      PROGRAM                    PID TOWARD           HELD SHARE OPEN/s FAIL/s 60 s
    ▶ checkout-importer.py      3071 10.77.0.9:5432     12 <0.1%    0.5      0     █













    / filter  s sort  g group  Enter detail  f fix  w what-if  Tab incident  q end"
  `));

  it('out of ports', () =>
    expect(picture({ rows: trouble })).toMatchInlineSnapshot(`
      "portchurn  ●live 23:04:41  owned 99.8 %  1 namespace                      ?:help
      ✗ OUT OF PORTS → 10.77.0.9:5432  52,223 failed  since 22:47:45 (16 min 56 s)
        checkout-importer.py 3071 holds 93.6 %, 92.0/s wanted, ports allow 33.3/s
        66.0 fail/s: checkout-importer.py 3071 61.0/s, orders.py 3072 5.0/s
        FIX Make one pool when the pr…  NOW Let connect() take over …  f: all, to copy
      ─ BUDGETS ──────────────────────────────────────── ports that come back in 60 s
      ✗ 10.77.0.9:5432        ██████████   2,000/2,000 out of ports       ▂▄ █
      ─ WHO by process · sort blame ──────────────────────────────────────────────────
        PROGRAM                    PID TOWARD           HELD SHARE OPEN/s FAIL/s 60 s
      ▶ checkout-importer.py      3071 10.77.0.9:5432  1,873 93.6%   31.0   61.0     █
        orders.py                 3072 10.77.0.9:5432    127  6.3%    2.0    5.0     █












      / filter  s sort  g group  Enter detail  f fix  w what-if  Tab incident  q end"
    `));

  it('ports that will run out', () => {
    const soon = {
      ...incident,
      severity: 'warning' as const,
      failed: 0,
      failPerSec: 0,
      exhaustionSeconds: 130,
      victims: [],
    };
    expect(
      picture({ rows: { ...trouble, incidents: [soon], failures: [] } })
        .split('\n')
        .slice(1, 5),
    ).toMatchInlineSnapshot(`
      [
        "! PORTS RUN OUT → 10.77.0.9:5432  in 2 min 10 s  since 22:47:45 (16 min 56 s)",
        "  checkout-importer.py 3071 holds 93.6 %, 92.0/s wanted, ports allow 33.3/s",
        "",
        "  FIX Make one pool when the pr…  NOW Let connect() take over …  f: all, to copy",
      ]
    `);
  });

  it('ports that fill, of which the end is not known', () => {
    const soon = { ...incident, failed: 0, failPerSec: 0, exhaustionSeconds: null, victims: [] };
    expect(picture({ rows: { ...trouble, incidents: [soon] } })).toMatch(
      /PORTS RUN OUT → 10\.77\.0\.9:5432 {2}0 failed/,
    );
  });

  it('a fix that worked', () => {
    const changes = [
      {
        kind: 'setting' as const,
        time: NOW,
        text: 'tcp_tw_reuse 2 → 1',
        failPerSecBefore: 90,
        failPerSecAfter: 0,
        afterSeconds: 5,
        worked: true,
      },
    ];
    const easing = { ...incident, state: 'easing', failPerSec: 0, changes } as const;
    expect(
      picture({ rows: { ...trouble, incidents: [easing], failures: [] } })
        .split('\n')
        .slice(1, 5),
    ).toMatchInlineSnapshot(`
      [
        "✗ OUT OF PORTS (no more now) → 10.77.0.9:5432  52,223 failed  since 22:47:45",
        "  checkout-importer.py 3071 held 93.6 %, 92.0/s wanted, ports allow 33.3/s",
        "",
        "  Fix worked: 90.0 → 0 failures/s, 5 s after tcp_tw_reuse 2 → 1",
      ]
    `);
  });

  it('a fix that worked, which takes two lines', () => {
    const text = 'ip_local_port_range 40000 40049 → 1024 65535';
    const change = {
      kind: 'setting' as const,
      time: NOW,
      text,
      failPerSecBefore: 40.2,
      failPerSecAfter: 0,
      afterSeconds: 0,
      worked: true,
    };
    const easing = { ...incident, state: 'easing' as const, failPerSec: 0, changes: [change] };
    expect(
      picture({ rows: { ...trouble, incidents: [easing], failures: [] } })
        .split('\n')
        .slice(2, 5),
    ).toMatchInlineSnapshot(`
      [
        "  checkout-importer.py 3071 held 93.6 %, 92.0/s wanted, ports allow 33.3/s",
        "  Fix worked: 40.2 → 0 failures/s, 0 s after ip_local_port_range 40000 40049 →",
        "    1024 65535",
      ]
    `);
  });

  it('who failed before and has ended does not hide whose calls fail now', () => {
    const gone = {
      process: processInfo({ pid: 9, name: 'queue.py' }),
      program: null,
      failed: 90_000,
      perSec: 0,
    };
    const [one] = trouble.incidents as [IncidentRow];
    const victims = [gone, { ...gone, process: processInfo({ pid: 10, name: 'old.py' }) }, ...one.victims];
    const rows = { ...trouble, incidents: [{ ...one, victims }] };
    expect(picture({ rows })).toContain(
      '  66.0 fail/s: checkout-importer.py 3071 61.0/s, orders.py 3072 5.0/s\n',
    );
  });

  it('a service that is gone', () => {
    const link = { phase: 'lost', since: NOW - 12_000, retryAt: NOW, reason: 'unreachable' } as const;
    expect(picture({ rows: trouble, link }).split('\n')[0]).toMatchInlineSnapshot(
      `"portchurn  ✗ service unreachable, 12 s old 23:04:41  owned 99.8 %  1 name…?:help"`,
    );
  });

  it('what to do', () =>
    expect(picture({ rows: trouble, state: { overlay: 'fix' } })).toMatchInlineSnapshot(`
      "portchurn  ●live 23:04:41  owned 99.8 %  1 namespace                      ?:help
      ✗ OUT OF PORTS → 10.77.0.9:5432  52,223 failed  since 22:47:45 (16 min 56 s)
        checkout-importer.py 3071 holds 93.6 %, 92.0/s wanted, ports allow 33.3/s
        66.0 fail/s: checkout-importer.py 3071 61.0/s, orders.py 3072 5.0/s
        FIX Make one pool when the pr…  NOW Let connect() take over …  f: all, to copy
      ─ WHAT TO DO ──────────────────────────────────────────────────────── Esc: back
        checkout-importer.py (python3 · 3071) has used up the ports to 10.77.0.9:5432
        in host

        FIX FOR GOOD  Make one pool when the program starts
          [1] pool = ConnectionPool()
                  indented

        DO NOW  Let connect() take over TIME_WAIT ports
          [2] sysctl -w net.ipv4.tcp_tw_reuse=1
          undo: sysctl -w net.ipv4.tcp_tw_reuse=2
          effect: At once.
          then 92 ports are held in the end

        WILL NOT HELP  tcp_fin_timeout
          because: It does not shorten TIME_WAIT.


      c copy the first command  1-9 that one  PgDn scroll  Tab incident  Esc back"
    `));

  it('what to do, all of it at a glance where it has more than two commands', () => {
    const [cure, now] = incident.remedies;
    const widen = {
      ...now,
      text: `Widen the port range from 300 to 64,512 ports: headroom, ${'not a cure '.repeat(4)}`,
    };
    const remedies = [cure, now, widen] as IncidentRow['remedies'];
    const rows = { ...trouble, incidents: [{ ...incident, remedies }] };
    expect(
      picture({ rows, state: { overlay: 'fix' } })
        .split('\n')
        .slice(7, 14),
    ).toMatchInlineSnapshot(`
      [
        "  in host",
        "",
        "  FIX FOR GOOD  Make one pool when the program starts                        [1]",
        "  DO NOW        Let connect() take over TIME_WAIT ports                      [2]",
        "  DO NOW        Widen the port range from 300 to 64,512 ports: headroom, no… [3]",
        "",
        "  FIX FOR GOOD  Make one pool when the program starts",
      ]
    `);
  });

  it('what would be if', () => {
    const wishes = { line: 2, places: [0, 0, 2, 0] } as const;
    expect(
      picture({ rows: trouble, toward: flows, state: { overlay: 'what-if', wishes } }),
    ).toMatchInlineSnapshot(`
      "portchurn  ●live 23:04:41  owned 99.8 %  1 namespace                      ?:help
      ✗ OUT OF PORTS → 10.77.0.9:5432  52,223 failed  since 22:47:45 (16 min 56 s)
        checkout-importer.py 3071 holds 93.6 %, 92.0/s wanted, ports allow 33.3/s
        66.0 fail/s: checkout-importer.py 3071 61.0/s, orders.py 3072 5.0/s
        FIX Make one pool when the pr…  NOW Let connect() take over …  f: all, to copy
      ─ WHAT IF ─────────────────────────────────────────────────────────── Esc: back
        To 10.77.0.9:5432 from 10.0.0.1: 2,000 of 2,000 ports held. Nothing is
        touched.

        connections kept and used again   ‹ 0 % ›
        local port range                  ‹ as it is ›
      ▶ tcp_tw_reuse                      ‹ 1 ›
        addresses of the destination      ‹ 1 ›

        now:  28,232 ports, 450 opened/s: out of ports now; 27,038 ports needed
        then: 28,232 ports, 450 opened/s, TIME_WAIT taken over after a second: never
        runs out at this rate: settles at 494 (1.7 %); 494 ports needed






      arrows change  c copy the command  Esc back"
    `);
  });

  it('what would be if is about a budget that the filter leaves; where it leaves none that is said', () => {
    const other = { address: '10.77.0.8', port: 443 };
    const own = budget({
      key: 'quiet',
      destination: other,
      used: 5,
      limit: 28_232,
      free: 28_227,
      exhaustionSeconds: null,
    });
    const quiet = flow(ORDERS, { destination: other, portsHeld: 5 });
    const whatIf = (row: FlowRow, filter: string) =>
      picture({
        rows: { ...trouble, incidents: [], budgets: [full, own], flows: [row] },
        toward: [row],
        state: { overlay: 'what-if', filter },
      });
    expect(whatIf(quiet, 'dst:10.77.0.8')).toMatch(/^ {2}To 10\.77\.0\.8:443 from 10\.0\.0\.1: 5 of 28,232/m);
    expect(whatIf(quiet, '')).toMatch(/^ {2}To 10\.77\.0\.9:5432 from 10\.0\.0\.1: 2,000 of 2,000/m);
    expect(whatIf({ ...quiet, direction: 'in' }, 'dir:in')).toMatch(
      /^ {2}No outbound connection that the filter shows holds a port now\./m,
    );
  });

  it('one row in full, with what it does right now', () => {
    const aside = {
      key: flows[0]?.key ?? '',
      detail: null,
      dropped: 3,
      events: [connectionEvent({ process: IMPORTER })],
    };
    const state = { overlay: 'detail', selected: aside.key } as const;
    expect(picture({ rows: trouble, state, aside })).toMatchInlineSnapshot(`
      "portchurn  ●live 23:04:41  owned 99.8 %  1 namespace                      ?:help
      ✗ OUT OF PORTS → 10.77.0.9:5432  52,223 failed  since 22:47:45 (16 min 56 s)
        checkout-importer.py 3071 holds 93.6 %, 92.0/s wanted, ports allow 33.3/s
        66.0 fail/s: checkout-importer.py 3071 61.0/s, orders.py 3072 5.0/s
        FIX Make one pool when the pr…  NOW Let connect() take over …  f: all, to copy
      ─ DETAIL ──────────────────────────────────────────────────────────── Esc: back
        checkout-importer.py 3071 → 10.77.0.9:5432
        command      curl http://10.0.0.9/
        program      curl (loop.sh)
        user         0
        parents      init 1
        unit         worker.service
        namespace    4026531840
        started      2023-11-14 22:13:20 UTC+00:00
        ports        1,873 held, 1,873 in TIME_WAIT, 3 established
        since start  30,000 opened, 29,997 closed (29,990 by this side first), 0
                     failed
      ─ LIVE: connections of checkout-importer.py 3071 ────────────────── 3 not shown
        22:13:20.123  closed       :40000 → 10.0.0.9:80  time-wait  lived 12 ms  sent…




      Esc back  f fix  w what-if  j k scroll"
    `);
  });
});

describe('at any size from 80x24', () => {
  const sizes = [80, 81, 99, 120, 150, 200].flatMap((width) =>
    [24, 30, 40, 60].map((height) => [width, height] as const),
  );

  it.each(sizes)('%ix%i says what, toward what, who, how much fails, what to do', (width, height) => {
    const lines = screenOf(sceneOf({ rows: trouble }), width, height);
    const text = lines.join('\n');
    expect(lines).toHaveLength(height);
    expect(text).toMatch(/OUT OF PORTS → 10\.77\.0\.9:5432/);
    expect(text).toMatch(/OUT OF PORTS .* 52,223 failed/);
    expect(text).toMatch(/checkout-importer\.py 3071 holds 93\.6 %, 92\.0\/s wanted, ports allow 33\.3\/s/);
    expect(text).toMatch(/66\.0 fail\/s: checkout-importer\.py 3071 61\.0\/s, orders\.py 3072 5\.0\/s/);
    expect(text).toMatch(/FIX Make one pool when the pr.* {2}NOW Let connect\(\) take over/);
    expect(text).toMatch(/FAIL\/s/);
  });

  it.each(sizes)('%ix%i who is there takes nothing away from what else is said', (width, height) => {
    const peer = { process: processInfo({ name: 'postgres', pod: 'shop/db-0' }) };
    const there = { ...DATABASE, service: 'postgresql', peer, name: null };
    const at = <Row extends { destination: object }>(row: Row): Row => ({ ...row, destination: there });
    const named = {
      ...trouble,
      flows: flows.map(at),
      budgets: [at(full)],
      incidents: [at(incident)],
      failures: trouble.failures?.map(at) ?? [],
    };
    const plain = screenOf(sceneOf({ rows: trouble }), width, height);
    const lines = screenOf(sceneOf({ rows: named }), width, height);
    for (const [at, line] of plain.entries()) {
      const words = lines[at]?.split(/ +/) ?? [];
      const lost = line.split(/ +/).filter((word) => {
        const found = words.indexOf(word);
        if (found >= 0) words.splice(0, found + 1);
        return found < 0;
      });
      expect(lost, lines[at]).toEqual([]);
    }
    if (width >= 150) expect(lines.join('\n')).toContain('10.77.0.9:5432 → postgres in pod shop/db-0');
  });

  it('a smaller terminal shows the beginning of it, and nothing fails', () => {
    for (const [width, height] of [
      [40, 10],
      [20, 5],
      [5, 2],
      [1, 1],
    ] as const)
      for (const overlay of [null, 'fix', 'detail', 'what-if', 'help'] as const)
        expect(screenOf(sceneOf({ rows: trouble, state: { overlay } }), width, height)).toHaveLength(height);
  });
});

describe('the last minute of a row', () => {
  const sampled = (parts: Partial<Parts>) => {
    const maker = new SceneMaker();
    for (let second = 0; second < 5; second++)
      sceneOf({ rows: trouble, maker, now: NOW + 1000 * second, ...parts });
    return sceneOf({ rows: trouble, maker, now: NOW + 5000, ...parts }).sparks.of(flows[0]?.key ?? '');
  };

  it('has a sample a second', () => expect(sampled({})).toEqual(Array(6).fill(1873)));

  it('has none of rows that stand still: in a pause, or while the service is gone', () => {
    expect(sampled({ state: { paused: NOW } })).toEqual([]);
    expect(sampled({ link: { phase: 'lost', since: NOW, retryAt: NOW, reason: 'stopped' } })).toEqual([]);
  });
});

describe('the table of culprits', () => {
  const names = (lines: string[]) =>
    lines.filter((line) => /\d{4} 10\.77/.test(line)).map((line) => /[\w-]+\.py/.exec(line)?.[0]);

  it('stands by blame: harmless ports, however many, come later', () => {
    const loopback = flow(
      { pid: 5, name: 'proxy' },
      { portsHeld: 14_000, destination: { address: '127.0.0.1', port: 80 } },
    );
    const lines = screenOf(sceneOf({ rows: { ...trouble, flows: [loopback, ...flows] } }));
    expect(lines.findIndex((line) => line.includes('proxy'))).toBeGreaterThan(
      lines.findIndex((line) => line.startsWith('  orders.py')),
    );
  });

  it('keeps its order while it is frozen', () => {
    const maker = new SceneMaker();
    const swapped = flows.map((row, at) => ({ ...row, portsHeld: at === 0 ? 1 : 1999 }));
    screenOf(sceneOf({ rows: trouble, maker }));
    const frozen = sceneOf({
      rows: { ...trouble, flows: swapped },
      maker,
      state: { frozen: true },
      now: NOW + 60_000,
    });
    expect(names(screenOf(frozen))).toEqual(
      ['checkout-importer.py', 'orders.py'].map((name) => name.slice(0, 20)),
    );
    const released = sceneOf({ rows: { ...trouble, flows: swapped }, maker, now: NOW + 120_000 });
    expect(names(screenOf(released))[0]).toBe('orders.py');
  });

  it('has the chosen row in sight', () => {
    const many = Array.from({ length: 200 }, (_, at) =>
      flow({ pid: 1000 + at, name: `worker-${at}` }, { portsHeld: 200 - at }),
    );
    const selected = many[150]?.key ?? '';
    expect(picture({ rows: { ...calm, flows: many }, state: { selected } })).toMatch(/▶ worker-150 /);
  });

  it('of one namespace shows that namespace alone', () => {
    const other = { ...incident, key: 'other', netns: 7, netnsId: '7' };
    const scene = sceneOf({ rows: { ...trouble, incidents: [incident, other] }, state: { netns: 7 } });
    expect(scene.incidents.map(({ key }) => key)).toEqual(['other']);
    expect(scene.budgets).toEqual([]);
  });
});

it('a command that is longer than the screen is one command still, for whoever marks and pastes it', () => {
  const command = `nsenter --net="$(find -L /proc/[0-9]*/ns/net -inum 4026532314 -print -quit 2>/dev/null)" printf %s ok`;
  const remedies = [published.remedy('do-now', { command, undo: command })];
  const lines = screenOf(
    sceneOf({ rows: { ...trouble, incidents: [{ ...incident, remedies }] }, state: { overlay: 'fix' } }),
  );
  const from = lines.findIndex((line) => line.includes('[1]'));
  const shown = lines.slice(
    from,
    lines.findIndex((line) => line.includes('undo:')),
  );
  expect(shown.length).toBeGreaterThan(1);
  const marked = shown.join('\n').replace('[1] ', '').replace('nsenter', 'echo nsenter');
  const words = execFileSync('sh', ['-c', marked], { encoding: 'utf8' });
  expect(words).toBe(execFileSync('sh', ['-c', `echo ${command}`], { encoding: 'utf8' }));
});

it('a comment of a fix that takes several lines is a comment in each of them', () => {
  const snippet = `export A="$dir"\n# ${'start the program from this shell '.repeat(5)}`;
  const remedies = [published.remedy('fix-for-good', { snippet, language: 'shell' })];
  const lines = screenOf(
    sceneOf({ rows: { ...trouble, incidents: [{ ...incident, remedies }] }, state: { overlay: 'fix' } }),
  );
  const about = lines.filter((line) => line.includes('the program'));
  expect(about.length).toBeGreaterThan(1);
  for (const line of about) expect(line.trim()).toMatch(/^# /);
});

it('that a change worked is not said while calls fail', () => {
  const changes = [
    {
      kind: 'setting' as const,
      time: NOW,
      text: 'tcp_tw_reuse 0 → 1',
      failPerSecBefore: 27,
      failPerSecAfter: 0,
      afterSeconds: 0,
      worked: true,
    },
    {
      kind: 'setting' as const,
      time: NOW + 9000,
      text: 'tcp_tw_reuse 1 → 0',
      failPerSecBefore: 1,
      failPerSecAfter: 27,
      afterSeconds: null,
      worked: false,
    },
  ];
  const back = { ...incident, failPerSec: 22, changes };
  expect(picture({ rows: { ...trouble, incidents: [back] } })).toMatch(/FIX Make one .* NOW Let connect/);
  const fix = picture({ rows: { ...trouble, incidents: [back] }, state: { overlay: 'fix' } });
  expect(fix).toMatch(/tcp_tw_reuse 0 → 1: worked\n +tcp_tw_reuse 1 → 0: failures came after it/);
  const over = {
    ...incident,
    failPerSec: 0,
    changes: changes.slice(0, 1).map((one) => ({ ...one, afterSeconds: null })),
  };
  expect(picture({ rows: { ...trouble, incidents: [over] } })).toMatch(
    /Fix worked: 27.0 → 0 failures\/s, after tcp_tw_reuse/,
  );
});

it('a long name loses its middle, not the pid and the numbers behind it', () => {
  const long = { ...IMPORTER, name: `${'\x1b[2J'.repeat(9)}checkout-importer.py` };
  const rows = {
    ...trouble,
    incidents: [{ ...incident, culprits: [{ process: long, program: null, ports: 1873, share: 0.9365 }] }],
  };
  expect(picture({ rows })).toMatch(
    /^ {2}\\x1b\S+…\S+\.py 3071 holds 93\.6 %, 92\.0\/s wanted, ports allow 33\.3\/s$/m,
  );
});

describe('the same address in two namespaces', () => {
  const [blue, green] = [totals(), totals({ key: '7', netns: 7, netnsId: '7', name: 'green' })];
  const refused = {
    ...incident,
    key: 'refused',
    kind: 'refused' as const,
    netns: 7,
    netnsId: '7',
    name: 'green',
    budget: null,
    culprits: [],
  };
  const retries = flow(
    { pid: 9, name: 'retry.py' },
    { destination: DATABASE, netns: 7, netnsId: '7', portsHeld: 0, failPerSec: 10 },
  );
  const rows = {
    ...trouble,
    totals: [blue, green],
    incidents: [incident, refused],
    flows: [...flows, retries],
  };

  it('each row has its namespace at 80 columns', () => {
    expect(picture({ rows })).toMatch(/retry\.py +9 10\.77\.0\.9:5432 green/);
  });

  it('the tables begin with the incident that was chosen', () => {
    const chosen = picture({ rows, state: { incident: 'refused' } });
    expect(chosen).toMatch(/REFUSED → 10\.77\.0\.9:5432 in green/);
    expect(chosen).toMatch(/▶ retry\.py/);
  });

  it('the tables begin with the incident above them, whoever else is as full and fails more', () => {
    const [own] = trouble.budgets ?? [];
    if (own === undefined) throw new Error('no budget');
    const full = {
      ...own,
      key: 'other',
      netns: 7,
      netnsId: '7',
      limit: 500,
      used: 500,
      exhaustionSeconds: 0,
    };
    const loud = flow(
      { pid: 9, name: 'loud.py' },
      { destination: DATABASE, netns: 7, netnsId: '7', portsHeld: 500, failPerSec: 900 },
    );
    for (const budgets of [
      [full, own],
      [own, full],
    ]) {
      const scene = sceneOf({ rows: { ...rows, budgets, flows: [loud, ...flows] } });
      expect(scene.incident?.key).toBe(incident.key);
      expect(scene.budgets.map(({ key }) => key)).toEqual([incident.budget, 'other']);
      expect(scene.flows[0]?.netnsId).toBe(incident.netnsId);
      expect(screenOf(scene).join('\n')).toMatch(/▶ checkout-import/);
    }
  });

  it('the card is about what the filter shows, not about the worst of all', () => {
    const filter = 'process:retry.py';
    const shown = sceneOf({ rows: { ...rows, flows: [retries] }, state: { filter } });
    expect(shown.incidents.map(({ key }) => key)).toEqual(['refused']);
    expect(screenOf(shown)[1]).toMatch(/^. REFUSED → 10\.77\.0\.9:5432 in green/);
    const whole = sceneOf({ rows: { ...rows, flows: [retries] } });
    expect(screenOf(whole)[1]).toMatch(/^. OUT OF PORTS → 10\.77\.0\.9:5432 in host/);
  });

  it('the card says so when what is wrong is outside of the filter', () => {
    const quiet = flow(IMPORTER, {
      destination: { address: '10.77.0.8', port: 443 },
      netns: 9,
      netnsId: '9',
    });
    const state = { filter: 'dst:10.77.0.8', incident: incident.key };
    const scene = sceneOf({ rows: { ...rows, flows: [quiet] }, state });
    expect(scene.incident).toBeNull();
    const text = screenOf(scene).slice(1, 5).join('\n');
    expect(text).toMatch(/^ {2}No incident is about what the filter shows\. Esc takes the filter back\.\n/);
    expect(text.replaceAll(/\s+/g, ' ')).toContain(`Outside of the filter (and 1 more): ${incident.title}`);
    const fix = picture({ rows: { ...rows, flows: [quiet] }, state: { ...state, overlay: 'fix' } });
    expect(fix).toMatch(/WHAT TO DO[^\n]*\n *No incident is about what the filter shows\./);
  });

  it('a sum over several places is about all of them', () => {
    const sum = flow(
      { name: 'shop' },
      { destination: { address: null, port: null }, netns: null, netnsId: null },
    );
    const scene = sceneOf({ rows: { ...rows, flows: [sum] }, state: { filter: 'unit:shop', group: 'unit' } });
    expect(scene.incidents).toHaveLength(2);
    const elsewhere = { ...sum, netnsId: '9' };
    expect(sceneOf({ rows: { ...rows, flows: [elsewhere] }, state: { filter: 'x' } }).outside).toHaveLength(
      2,
    );
  });

  it('of one alone is green when nothing is wrong there, whatever the verdict about all', () => {
    const calmThere = sceneOf({ rows: { ...rows, incidents: [incident] }, state: { netns: 7 } });
    expect(screenOf(calmThere).slice(0, 2).join('\n')).toMatch(
      /only green.*\n✓ No incident in this namespace/,
    );
  });
});

it('a hostile name is spelt, wherever it stands', () => {
  const name = '\x1b[2J\x1b]0;x\x07\u202e';
  const hostile = processInfo({ pid: 9, name, comm: name, cmdline: name, exe: name, unit: name });
  const row = flow(hostile, { destination: DATABASE, program: name });
  const rows = {
    ...trouble,
    flows: [row],
    incidents: [{ ...incident, name, culprits: [{ process: hostile, program: name, ports: 1, share: 1 }] }],
    failures: [failure({ process: hostile })],
    verdict: [published.verdict({ text: name })],
  };
  const ports = portsOf(1, [{ process: hostile, program: name }], [[0, 'established']]);
  const aside = {
    key: row.key,
    detail: null,
    events: [connectionEvent({ process: hostile, type: 'failed', errno: name, cause: null })],
    dropped: 0,
  };
  for (const overlay of [null, 'fix', 'detail', 'what-if'] as const) {
    const state = { overlay, selected: row.key, filter: name, typed: name };
    const text =
      screenOf(sceneOf({ rows, ports, aside, state }), 200, 60).join('\n') + picture({ rows, state });
    expect(
      [...text].filter((c) => c !== '\n' && (c < ' ' || (c >= '\x7f' && c < '\xa0') || c === '\u202e')),
    ).toEqual([]);
  }
});

it('needs nothing but ASCII when asked', () => {
  const scene = sceneOf({ ...STATES.exhausted, ascii: true });
  expect(screenOf(scene, 200, 60).join('')).toMatch(/^[\x20-\x7e]*# orders\.py[\x20-\x7e]*$/);
});
