/** What `top` prints in a table's place: every line, by rows that are known. */
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { screen } from '../../../src/cli/screen/screen.js';
import type { Style } from '../../../src/cli/screen/style.js';
import { ASCII, UNICODE } from '../../../src/cli/screen/text.js';
import type { Problem, SnapshotBody } from '../../../src/protocol/frames.js';
import type { BudgetRow, FailureRow, FlowRow, TotalsRow, VerdictRow } from '../../../src/protocol/rows.js';
import { budget, failure, flow, processInfo, totals } from './rows.js';

const wide: Style = { colors: pc.createColors(false), glyphs: UNICODE, width: Number.POSITIVE_INFINITY };
const narrow: Style = { ...wide, width: 80 };

interface Shown {
  flows?: FlowRow[];
  totals?: TotalsRow[];
  budgets?: BudgetRow[];
  failures?: FailureRow[];
  verdict?: VerdictRow[];
  limits?: Problem[];
  other?: NonNullable<SnapshotBody['topics']['flows']>['other'];
  group?: 'program' | 'unit' | 'destination' | 'netns';
  sort?: string;
  style?: Style;
}

function shown(parts: Shown): string {
  const { flows = [flow()], other = null, group, sort, style = wide } = parts;
  const body: SnapshotBody = {
    time: new Date(2024, 0, 1, 14, 4, 41).getTime(),
    epoch: 'e',
    seq: 7,
    topics: { flows: { rows: flows, total: flows.length, other } },
  };
  const { totals: machine = [totals()], budgets = [], failures = [], verdict = [], limits = [] } = parts;
  return screen(body, { totals: machine, budgets, failures, verdict, limits }, { group, sort }, style);
}

const lines = (parts: Shown) => shown(parts).split('\n');

it('what cannot be answered stands above the table, with each step of its fix, and controls nothing', () => {
  const limits = [{ what: 'Half is \x1b[2J unseen.', why: 'No BPF.', fix: 'do this\nor that' }];
  expect(lines({ limits }).slice(2, 5)).toEqual([
    '! Half is \\x1b[2J unseen. No BPF.',
    '  → do this',
    '  → or that',
  ]);
});

describe('the table of culprits', () => {
  it('shows who, where and the numbers, below the machine', () => {
    const zone = / UTC[+-]\d\d:\d\d/;
    expect(shown({})).toMatch(zone);
    expect(shown({}).replace(zone, '')).toBe(
      '2024-01-01 14:04:41 · opens 450/s · failures 0/s\n' +
        '99.8 % of 26,840 TIME_WAIT have an owner · kernel checked 800 ms ago\n' +
        '\n' +
        ' PID  PROCESS  DIR  DESTINATION   PORTS  TIME_WAIT  ESTAB  OPEN/s  FAIL/s  OPENED  LIFE p50  CLOSED 1st  FAILED\n' +
        '4242  curl     out  10.0.0.9:80  26,814     26,811      3     450       0  30,000    1.5 ms      29,990       0\n',
    );
  });

  it('fits 80 columns and keeps what matters', () => {
    const destination = { address: '2001:db8:0:1:2:3:4:5', port: 5432 };
    const all = lines({ flows: [flow({ comm: 'a-rather-long-na' }, { destination })], style: narrow });
    for (const line of all) expect(line.length).toBeLessThanOrEqual(80);
    expect(all[3]).toMatch(/PID +PROCESS .*DESTINATION +PORTS +TIME_WAIT .*OPEN\/s/);
  });

  it('keeps the column it is sorted by, however narrow the terminal', () => {
    const flows = [
      flow({ comm: 'a-rather-long-na' }, { destination: { address: '203.0.113.199', port: 65_000 } }),
    ];
    expect(lines({ flows, style: narrow })[3]).not.toContain('FAILED');
    expect(lines({ flows, style: narrow, sort: '-failed' })[3]).toContain('FAILED');
    expect(lines({ flows, style: narrow, sort: '-failPerSec' })[3]).toContain('FAIL/s');
  });

  it('shows unknown as a dash, never as 0, also in ASCII', () => {
    const flows = [
      flow(
        { pid: null, comm: null, exe: null },
        { program: null, portsHeld: null, lifetimeMs: { p50: null, p99: null } },
      ),
    ];
    expect(shown({ flows, totals: [] })).toMatch(/\n {2}– {2}– {8}out .* –/);
    const parts = { flows, totals: [totals()], budgets: [budget()], failures: [failure()] };
    expect(shown({ ...parts, style: { ...wide, glyphs: ASCII } })).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it('says who is dead, who is us, and what dead processes folded into', () => {
    const flows = [
      flow({ exited: true, pid: 1 }),
      flow({ self: true, comm: 'node', pid: 2 }),
      flow({ pid: null }),
    ];
    for (const words of ['curl (exited)', 'node (self)', 'curl (loop.sh)'])
      expect(shown({ flows })).toContain(words);
  });

  it('begins with what it is grouped by', () => {
    expect(shown({ group: 'program' })).toMatch(/\nPROGRAM .*\ncurl \(loop\.sh\) /);
    expect(shown({ group: 'unit' })).toMatch(/\nUNIT .*\nworker\.service /);
    expect(shown({ group: 'destination' })).toMatch(/\nDIR {2}DESTINATION .*\nout {2}10\.0\.0\.9:80 /);
    expect(shown({ group: 'netns' })).toMatch(/\n +NETNS .*\n4026531840 /);
  });

  it('says what the limit hid', () => {
    expect(shown({ other: { rows: 1200, portsHeld: 4000 } })).toContain(
      '… 1,200 more, holding 4,000 ports (--limit)',
    );
  });

  it('when empty says what would appear', () => {
    expect(shown({ flows: [], totals: [totals({ opened: 0 })] })).toContain('No TCP connection seen yet.');
    expect(shown({ flows: [] })).toContain('No flow matches the filter.');
  });

  it('does not let a process name steer the terminal', () => {
    const comm = '\u001b[2Jx';
    const process = processInfo({ comm });
    const text = shown({
      flows: [flow({ comm })],
      budgets: [budget({ holders: [{ process, ports: 1 }] })],
      failures: [failure({ process })],
    });
    expect(text.match(/\\x1b\[2Jx/g)).toHaveLength(4);
    expect(text).not.toContain('\u001b');
  });
});

describe('the verdict', () => {
  it('stands above everything, with a glyph for its level', () => {
    const verdict: VerdictRow = {
      key: 'verdict',
      level: 'critical',
      text: 'Out of ports to db\u001b[2J:5432.',
      since: 1_700_000_000_000,
      exhaustionSeconds: 0,
      budget: 'b1',
      finding: null,
      incident: null,
      others: 0,
      named: [],
    };
    expect(lines({ verdict: [verdict] })[0]).toBe('✗ Out of ports to db\\x1b[2J:5432.');
    expect(lines({ verdict: [{ ...verdict, level: 'recovered', text: 'Recovered.' }] })[0]).toBe(
      '✓ Recovered.',
    );
  });
});

describe('how far the numbers can be trusted', () => {
  const trust = (...rows: TotalsRow[]) => lines({ totals: rows })[1];

  it('sums up all namespaces and names the oldest check of one that holds entries', () => {
    const rows = [
      totals({ key: '1', timeWait: 900, timeWaitAttributed: 896, auditAgeMs: 1200 }),
      totals({ key: '2', timeWait: 100, timeWaitAttributed: 100, auditAgeMs: 400 }),
      totals({ key: '3', timeWait: 0, timeWaitAttributed: 0, auditAgeMs: 25_000 }),
      totals({ key: '4', timeWait: null, timeWaitAttributed: null, auditAgeMs: null }),
    ];
    expect(trust(...rows)).toBe('99.6 % of 1,000 TIME_WAIT have an owner · kernel checked 1.2 s ago');
  });

  it('says when there is nothing to own, and when nobody has asked the kernel yet', () => {
    expect(trust(totals({ timeWait: 0, timeWaitAttributed: 0 }))).toBe(
      'no TIME_WAIT · kernel checked 800 ms ago',
    );
    expect(trust(totals({ timeWait: null, timeWaitAttributed: null, auditAgeMs: null }))).toBe(
      'TIME_WAIT – · kernel not checked yet',
    );
  });

  it('says loss in words and marks lower bounds', () => {
    const lost = { ring: 10, recursion: 2, storage: 0, total: 12 };
    const lossy = totals({ lost, lowerBound: true });
    const text = shown({ flows: [flow({}, { lowerBound: true })], totals: [lossy, lossy] });
    expect(text).toContain(
      '! 12 events lost: some counts are lower bounds (10 by a full ring, 2 that the kernel did not show)',
    );
    expect(text).toContain('≥30,000');
    expect(shown({ totals: [totals({ lost: { ...lost, recursion: 0, total: 10 } })] })).toContain(
      '! 10 events lost, counts stayed exact (10 by a full ring)',
    );
  });
});

describe('the tightest budgets', () => {
  const budgetLine = (parts: Partial<BudgetRow>) => lines({ budgets: [budget(parts)] })[2];

  it('show a bar, the share, the destination, the countdown and who holds most', () => {
    expect(budgetLine({})).toBe(
      '!  ███████░░░  70.9 %  20,044/28,232  → 10.0.0.9:5432  runs out in 2 min 10 s  held by worker 77 (20,001)  from 10.0.0.1',
    );
  });

  it('say when ports come back, when none is left and when there is no end in sight', () => {
    const full = { used: 28_232, free: 0, exhaustionSeconds: 0 };
    expect(budgetLine(full)).toMatch(/^✗ {2}█{10} {2}100 % .* out, back from 10 s on/);
    expect(budgetLine({ ...full, releasing: [] })).toContain('  out of ports  ');
    expect(budgetLine({ exhaustionSeconds: null })).toContain('  ports come back from 10 s on  ');
    expect(budgetLine({ exhaustionSeconds: null, releasing: [] })).toContain('  does not fill  ');
    const reused = {
      used: 28_232,
      free: 0,
      timeWait: 28_230,
      reuse: 'after-delay',
      exhaustionSeconds: null,
    } as const;
    expect(budgetLine(reused)).toMatch(/^✓ .* no end: TIME_WAIT is reused/);
  });

  it('name who is there, dimmed, where nothing else has to give way for it', () => {
    const peer = { process: processInfo({ name: 'postgres', pod: 'shop/db-0' }) };
    const destination = { address: '10.0.0.9', port: 5432, name: null, service: 'postgresql', peer };
    const line = (width: number) =>
      lines({ budgets: [budget({ destination })], style: { ...narrow, width } })[2] ?? '';
    const plain = budgetLine({}) ?? '';
    expect(line(300)).toContain('→ 10.0.0.9:5432 postgresql → postgres in pod shop/db-0  ');
    expect(line(plain.length)).toBe(plain);
    expect(line(plain.length + 10)).toContain('10.0.0.9:5432 → postgr…  ');
  });

  it('spell out what a process that calls itself anything would do to the terminal', () => {
    const peer = { process: processInfo({ name: '\u001b[31mred\u202e\u0007', pod: 'x\ny' }) };
    const text = budgetLine({ destination: { address: '10.0.0.9', port: 5432, peer } });
    expect(text).toContain('10.0.0.9:5432 → \\x1b[31mred\\u202e\\x07 in pod x\\x0ay  ');
  });

  it('count what bind() blocks, and name its own pool', () => {
    expect(budgetLine({ blocked: 1200 })).toContain('  20,044/28,232  +1,200 blocked  → 10.0.0.9:5432  ');
    expect(budgetLine({ kind: 'bind-pool', destination: { address: null, port: null } })).toContain(
      '  bind() at 10.0.0.1  ',
    );
  });

  it('are three: out of ports first, then the soonest, then the fullest; empty ones are left out', () => {
    const at = (port: number, parts: Partial<BudgetRow>) =>
      budget({
        key: String(port),
        destination: { address: '10.0.0.9', port },
        exhaustionSeconds: null,
        ...parts,
      });
    const budgets = [
      at(1, { used: 0 }),
      at(2, { used: 9000 }),
      at(3, { used: 20_000 }),
      at(4, { exhaustionSeconds: 30, used: 400 }),
      at(5, { exhaustionSeconds: 0, used: 28_232, free: 0 }),
    ];
    const ports = [...shown({ budgets }).matchAll(/→ 10\.0\.0\.9:(\d)/g)].map(([, port]) => port);
    expect(ports).toEqual(['5', '4', '3']);
  });

  it('name the namespace where there are several', () => {
    const rows = [totals(), totals({ key: '2', netns: 5, name: 'shop' })];
    expect(shown({ totals: rows, budgets: [budget({ netns: 5 })] })).toContain('  in shop\n');
    expect(shown({ budgets: [budget()] })).not.toContain('  in host');
  });
});

describe('failures', () => {
  it('say how often, who, toward what, why, and who holds the ports', () => {
    expect(lines({ failures: [failure()], budgets: [budget()] })[3]).toBe(
      '✗  312/s fail  psql 55  → 10.0.0.9:5432  no free local port for this destination  EADDRNOTAVAIL  held by worker 77 (20,001)',
    );
  });

  it('of bind() name the local address', () => {
    const failures = [
      failure({
        call: 'bind',
        errno: 'EADDRINUSE',
        cause: 'bind-pool-exhausted',
        destination: { address: '10.0.0.1', port: 0 },
        budget: null,
      }),
    ];
    expect(shown({ failures })).toContain('  bind() 10.0.0.1:0  no free port left to bind()  EADDRINUSE\n');
  });

  it.each([[undefined], [narrow]])(
    'name the namespace where there are several, also where room is short',
    (style) => {
      const rows = [totals(), totals({ key: '2', netns: 5, name: 'shop' })];
      const failures = [failure(), failure({ key: 'f2', netns: 5 })];
      const text = lines({ totals: rows, failures, ...(style === undefined ? {} : { style }) }).join('\n');
      expect(text).toMatch(/312\/s fail.* in host[\s\S]*312\/s fail.* in shop/);
    },
  );

  it('that are over are not shown', () => {
    expect(shown({ failures: [failure({ perSec: 0 })] })).not.toContain('fail  psql');
  });

  it('and budgets fit 80 columns', () => {
    const destination = { address: '2001:db8:0:1:2:3:4:5', port: 5432 };
    const all = lines({
      budgets: [
        budget({ used: 28_232, free: 0, blocked: 1200, exhaustionSeconds: 0, destination }),
        budget({ key: 'b2', exhaustionSeconds: null, destination }),
      ],
      failures: [
        failure({ process: processInfo({ comm: 'a-rather-long-na', pid: 4_194_303 }), destination }),
      ],
      style: narrow,
    });
    for (const line of all) expect(line.length).toBeLessThanOrEqual(80);
    expect(all.join('\n')).toMatch(/100 % .*\[2001.*out, back from 10 s on[\s\S]*312\/s fail/);
  });
});
