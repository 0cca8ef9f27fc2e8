/** why, check and what-if against a real HTTP server whose tables a test makes. */
import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../src/cli/command-line.js';
import type { IncidentRow } from '../../../src/protocol/rows.js';
import { fieldsOf } from '../../../src/query/fields.js';
import { BACKENDS } from '../../../src/service/backends.js';
import { budget, finding, idOf, incident, proc, remedy, totals, verdict } from '../publish/rows.js';
import { run } from './attached.js';
import { Captured } from './io.js';

const fine = budget('b', { used: 3388, timeWait: 3380, exhaustionSeconds: null });
const warning = verdict({ level: 'warning', text: 'At this rate | it runs out.', exhaustionSeconds: 130 });

/** Of a second namespace. */
const SHOP = { netns: 5, netnsId: idOf({ netns: 5 }) };
const both = () => ({ totals: [totals('1'), totals('2', { netns: 5, name: 'shop' })] });

describe('findings', () => {
  it('can be filtered and sorted by severity, rule and confidence', () => {
    const fields = [...fieldsOf('findings').keys()];
    expect(fields).toEqual(
      expect.arrayContaining(['severity', 'rule', 'confidence', 'process.pid', 'since']),
    );
  });
});

describe('check', () => {
  it('prints one line with perfdata and ends with 0 when all is fine', async () => {
    const { code, out } = await run({ budgets: [fine] }, 'check');
    expect(out).toBe(
      'PORTCHURN OK - Ports are fine. Tightest budget: 12 % to 10.0.0.9:80. In host, held by worker 77 (20,000). | tightest=12%;70;90;0;100 ports_used=3388;;;0;28232 exhaustion=U;;;0 findings_critical=0;;;0 findings_warning=0;;;0\n',
    );
    expect(code).toBe(0);
  });

  it.each([
    [{ budgets: [fine], verdict: warning }, [], 1],
    [{ budgets: [fine], verdict: verdict({ level: 'critical' }) }, [], 2],
    [{ budgets: [fine], verdict: verdict({ level: 'recovered' }) }, [], 0],
    [{ budgets: [fine] }, ['--warn', '10'], 1],
    [{ budgets: [fine] }, ['--warn', '5', '--crit', '12'], 2],
    [{ budgets: [] }, ['--warn', '5', '--crit', '12'], 0],
  ])('%# ends with its exit code', async (world, words, code) => {
    expect((await run(world, 'check', ...words)).code).toBe(code);
  });

  it('measures the budget that its sentence is about, and says which other one is fuller', async () => {
    const other = budget('full', { ...SHOP, used: 26_821, free: 1411, exhaustionSeconds: null });
    const given = { ...both(), budgets: [fine, other], verdict: { ...warning, budget: 'b' } };
    const { code, out } = await run(given, 'check');
    expect(code).toBe(2);
    expect(out).toContain(
      'In host, held by worker 77 (20,000). 95 % of the ports to 10.0.0.9:5432 in shop are held, too.',
    );
    expect(out).toContain('tightest=12%;70;90;0;100 ports_used=3388;;;0;28232 exhaustion=130s');
  });

  it('counts ports that bind() blocks as used up, and says whose bind() does', async () => {
    const ports = { limit: 2000, used: 33, blocked: 2000, free: 0, exhaustionSeconds: 0 };
    const blockers = [{ process: proc({ pid: 8, comm: 'binder.py', name: 'binder.py' }), ports: 2000 }];
    const holders = [{ process: proc({ pid: 9 }), ports: 33 }];
    const row = budget('b', { ...ports, holders, blockers });
    const said = verdict({ level: 'critical', text: 'Out of ports to 10.0.0.9:80.', budget: 'b' });
    const { out } = await run({ budgets: [row], verdict: said }, 'check');
    expect(out).toContain('In host, held by binder.py 8 (2,000 by bind()) and 1 more.');
    expect(out).toContain(' ports_used=2000;;;0;2000 ');
    const unknown = await run({ budgets: [{ ...row, blockers: [] }], verdict: said }, 'check');
    expect(unknown.out).toContain('In host, blocked by bind() of other programs.');
  });

  it('names the namespace of an incident that is about no budget', async () => {
    const row = incident('i', { kind: 'refused', ...SHOP, title: 'Nobody listens on 10.0.0.9:80.' });
    const said = verdict({ level: 'warning', text: row.title, budget: null, incident: 'i' });
    const { out } = await run({ ...both(), budgets: [], incidents: [row], verdict: said }, 'check');
    expect(out).toContain('Nobody listens on 10.0.0.9:80. In shop. |');
  });

  it.each([
    ['ports that run out within a minute', { level: 'warning' as const, exhaustionSeconds: 3.1 }, 2],
    ['ports that run out later', { level: 'warning' as const, exhaustionSeconds: 130 }, 1],
    [
      'another incident that goes on',
      { level: 'warning' as const, exhaustionSeconds: null, incident: 'i' },
      1,
    ],
    [
      'a fill that is below the thresholds asked for',
      { level: 'warning' as const, exhaustionSeconds: null },
      0,
    ],
  ])('ends for %s', async (_, parts, code) => {
    const said = verdict({ text: 'x', budget: null, ...parts });
    expect((await run({ budgets: [fine], verdict: said }, 'check')).code).toBe(code);
  });

  it('keeps the bar for perfdata', async () => {
    const { out } = await run({ budgets: [fine], verdict: warning }, 'check');
    expect(out.split('|')).toHaveLength(2);
    expect(out).toContain('exhaustion=130s;;;0');
  });

  it.each([
    ['wrong words', ['--nonsense']],
    ['thresholds in the wrong order', ['--warn', '95']],
    ['a threshold that is none', ['--warn', '400']],
    ['a filter that does not parse', ['--filter', 'dst:']],
    ['a namespace that is not there', ['--netns', 'nowhere']],
    ['a namespace that cannot be', ['--netns', 'pid:x']],
    ['a configuration file that is not there', ['--config', '/nonexistent.yaml']],
    ['a token file that is not there', ['--token-file', '/nonexistent']],
  ])('ends with 3 and says so in one line on stdout for %s', async (_, words) => {
    const { code, out, err } = await run({}, 'check', ...words);
    expect({ code, out }).toEqual({ code: 3, out: expect.stringMatching(/^PORTCHURN UNKNOWN - [^\n|]+\n$/) });
    expect(err.replace(/^portchurn: attached to .*\n/, '')).toBe('');
  });

  it('says what is wrong in JSON too, when JSON was asked for', async () => {
    for (const words of [['-o', 'json'], ['--output=json'], ['-ojson']]) {
      const { code, out } = await run({}, 'check', ...words, '--nonsense');
      expect(code).toBe(3);
      expect(JSON.parse(out)).toMatchObject({ status: 'UNKNOWN', exitCode: 3, code: 'USAGE' });
    }
  });

  it('ends with 3, and says so on stdout, when nobody answers', async () => {
    const io = new Captured();
    expect(await commandLine(['check', '--connect', 'http://127.0.0.1:1'], io, BACKENDS)).toBe(3);
    expect(io.stdout.text).toMatch(/^PORTCHURN UNKNOWN - .*127\.0\.0\.1:1/);
  });

  it('is JSON on request', async () => {
    const { out } = await run({ budgets: [fine] }, 'check', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      status: 'OK',
      exitCode: 0,
      verdict: { key: 'verdict' },
      tightest: { key: 'b' },
    });
  });
});

describe('why', () => {
  it('tells verdict, finding, evidence, fix for good, do now with undo, in this order', async () => {
    const { code, out } = await run({ findings: [finding('x')], verdict: warning }, 'why');
    expect(code).toBe(0);
    const parts = [
      'At this rate',
      'As of 20',
      '1. WARNING',
      'What was seen:',
      '312.4',
      'Fix for good:',
      'ab -k',
      'Do now:',
      '$ sysctl -w',
      'undo: $ sysctl -w',
      'effect: ',
    ];
    const places = parts.map((part) => out.indexOf(part));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it('says when nothing is to be done, and what is over', async () => {
    expect((await run({}, 'why')).out).toContain('Nothing was found that somebody should change.');
    const over = await run({ findings: [finding('x', { resolved: 1_700_000_100_000 })] }, 'why');
    expect(over.out).toMatch(/Resolved at 2023-11-1\d [\d:]{8} UTC[+-]\d\d:\d\d: ab \(pid 100\)/);
  });

  it('leaves it to a recovery to say where it was, whatever is held elsewhere', async () => {
    const text = 'Recovered at 14:09:23 after 6 min 51 s: ports to 10.0.0.9:80 in shop; 12 connects failed.';
    const { out } = await run(
      { budgets: [fine], verdict: verdict({ level: 'recovered', text, budget: 'b' }) },
      'why',
    );
    expect(out.replace(/\n(?!As of)/g, ' ')).toContain(`${text}\nAs of`);
  });

  it('lets no name of another process steer the terminal', async () => {
    const hostile = finding('x', {
      title: '\u001b[2Jowned',
      process: proc({ cmdline: 'a\nb' }),
      program: 'p\u202e',
    });
    const { out } = await run({ findings: [hostile] }, 'why');
    expect(out).toContain('\\x1b[2Jowned');
    for (const hostile of ['\u001b', '\u202e']) expect(out).not.toContain(hostile);
  });

  it('is the snapshot body as JSON', async () => {
    const { out } = await run({ findings: [finding('x')] }, 'why', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      topics: { findings: { rows: [{ key: 'x' }] }, verdict: { rows: [{ key: 'verdict' }] } },
    });
  });
});

describe('why, of an incident', () => {
  const inside = `nsenter --net="$(find -L /proc/[0-9]*/ns/net -inum 4026532999 -print -quit 2>/dev/null)" `;
  const remedies = [
    remedy('fix-for-good', { text: 'Keep \u001b[2Jone agent for all requests, and never destroy it.' }),
    remedy('do-now', {
      text: 'Widen the port range from 2,000 to 64,512 ports: headroom, not a cure',
      command: `${inside}sysctl -w net.ipv4.ip_local_port_range="1024 65535"`,
      undo: `${inside}sysctl -w net.ipv4.ip_local_port_range="30000 31999"`,
      settlesAt: 5521,
    }),
    remedy('will-not-help', { text: 'tcp_fin_timeout', reason: 'It is about FIN_WAIT2 alone.' }),
    remedy('fix-for-good', { text: 'Found later.' }),
  ];
  const world = (parts: Partial<IncidentRow> = {}) => ({
    columns: 80,
    incidents: [incident('i', { remedies, ...parts })],
    findings: [
      finding('x', { incident: 'i' }),
      finding('y', { incident: 'i', part: true, rank: 2, title: 'It is a part of that' }),
    ],
  });
  const PLACES = [
    'Keep ',
    'Widen ',
    '$ nsenter',
    'undo: $ nsenter',
    'end: 5,521',
    'tcp_fin_timeout',
    'Found later',
  ];

  it('has its remedies in their order, once, and none of the findings’ own', async () => {
    const { out } = await run(world(), 'why', '--all');
    const places = PLACES.map((part) => out.indexOf(part));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(out.match(/^ {3}(Fix for good|Do now|Will not help):$/gm)?.map((line) => line.trim())).toEqual([
      'Fix for good:',
      'Do now:',
      'Will not help:',
      'Fix for good:',
    ]);
    expect(out).toContain('why: It is about FIN_WAIT2 alone.');
    expect(out).not.toContain('ab -k');
    expect(out).toMatch(/It is a part of that\n[\s\S]*Part of 1, which says what to do\./);
  });

  it('says what was changed before it or since, which may be its cause', async () => {
    const change = {
      kind: 'setting' as const,
      time: 0,
      failPerSecBefore: 0,
      failPerSecAfter: 12,
      afterSeconds: null,
    };
    const changes = [
      { ...change, text: 'tcp_tw_reuse 2 → 0', worked: false },
      { ...change, text: 'reserved ports 0 → 1', worked: null },
    ];
    const { out } = await run(world({ changes }), 'why', '--all');
    expect(out).toMatch(/ {3}At \S+ \S+ \S+ tcp_tw_reuse 2 → 0: failures came after it\.\n/);
    expect(out).toMatch(/ {3}At \S+ \S+ \S+ reserved ports 0 → 1\.\n/);
    expect(out.match(/tcp_tw_reuse 2/g)).toHaveLength(1);
  });

  it('has the same in JSON', async () => {
    const { out } = await run(world(), 'why', '-o', 'json');
    expect(JSON.parse(out).topics.incidents).toMatchObject({ total: 1, rows: [{ key: 'i', remedies }] });
  });

  it('has them in their order on one screen, too, the cure first', async () => {
    const { out } = await run(
      {
        ...world(),
        findings: [...world().findings, ...[3, 4, 5].map((rank) => finding(`${rank}`, { rank }))],
      },
      'why',
    );
    const lines = out.trimEnd().split('\n');
    expect(lines.length).toBeLessThan(24);
    const roles = lines.flatMap(
      (line) => /^ {3}(Fix for good|Do now|Will not help): (\w+)/.exec(line)?.[2] ?? [],
    );
    expect(roles.slice(0, 4)).toEqual(['Keep', 'Widen', 'tcp_fin_timeout', 'Found']);
  });

  it('is told when no finding speaks for it, and not when it is over', async () => {
    const alone = { ...world(), findings: [finding('info', { severity: 'info' })] };
    expect((await run(alone, 'why', '--all')).out).toMatch(
      /\n1\. CRITICAL {2}ab \(pid 100\) tries[\s\S]*Widen[\s\S]*\n2\. INFO/,
    );
    const over = { ...world({ state: 'over' }), findings: [] };
    const { out } = await run(over, 'why');
    expect(out).toContain('Nothing was found');
    expect(JSON.parse((await run(over, 'why', '-o', 'json')).out).topics.incidents.rows).toEqual([]);
  });

  it.each([['--all'], ['--ascii']])(
    'fits 80 columns and breaks no word, whatever others wrote: %s',
    async (word) => {
      const title = `\u202e${'long '.repeat(40)}\u001b[2Jname`;
      const given = { ...world({ title }), verdict: verdict({ level: 'critical', text: title }) };
      const { out } = await run(
        { ...given, findings: [finding('x', { incident: 'i', title })] },
        'why',
        word,
      );
      expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
      for (const hostile of ['\u001b', '\u202e']) expect(out).not.toContain(hostile);
      expect(out.replaceAll(/\s+/g, ' ')).toContain('long long');
      expect(out).not.toMatch(/\b(l|lo|lon|ong|ng|g)\b/);
    },
  );
});

describe('what-if', () => {
  it('answers with the new limit and the time to exhaustion', async () => {
    const { code, out } = await run({}, 'what-if', '--range', '1024-65535', '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      budgets: [
        {
          budget: 'b',
          now: { limit: 28_232, exhaustionSeconds: 27 },
          projected: { limit: 64_512, exhaustionSeconds: null },
        },
      ],
    });
  });

  it('says it in words', async () => {
    const { out } = await run({}, 'what-if', '--reuse', '80', '--sources', '2');
    expect(out).toMatch(/now: +28,232 ports, 300\/?s? opened\/s: runs out in 27 s/);
    expect(out).toMatch(
      /with 2 source addresses, 80 % of connections reused:\n +56,464 ports \(28,232 per pair of addresses\), 60\.0 opened\/s: never/,
    );
  });

  it('names the namespace where another one has the same addresses', async () => {
    const budgets = [budget('b'), budget('c', SHOP)];
    const words = ['what-if', '--range', '1024-65535', '--filter', 'dst:10.0.0.9'];
    const { out } = await run({ ...both(), budgets }, ...words);
    expect(out).toMatch(
      /To 10\.0\.0\.9:5432 from [\d.]+ in host: [\s\S]*To 10\.0\.0\.9:5432 from [\d.]+ in shop: /,
    );
  });

  it.each([
    [[]],
    [['--range', '65535-1024']],
    [['--range', '1-70000']],
    [['--reuse', '120']],
    [['--tw-reuse', '3']],
  ])('%j is wrong usage', async (words) => {
    expect((await run({}, 'what-if', ...words)).code).toBe(2);
  });

  it('has nothing to project where nobody connects', async () => {
    const { code, out } = await run({ budgets: [] }, 'what-if', '--range', '1024-65535');
    expect(code).toBe(0);
    expect(out).toContain('The range would have 64,512 ports.');
  });
});
