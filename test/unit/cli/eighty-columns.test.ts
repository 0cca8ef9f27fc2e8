/**
 * What why, trace and check print at a terminal of 80 columns, line by line: no word is broken, nothing that is to be copied is cut; and
 * into a pipe everything, in whole lines.
 */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { eventLine } from '../../../src/cli/screen/event-line.js';
import { styleFor } from '../../../src/cli/screen/style.js';
import { widthOf } from '../../../src/cli/screen/table.js';
import { printable } from '../../../src/cli/screen/text.js';
import type { ConnectionEvent, FindingRow, VerdictRow } from '../../../src/protocol/rows.js';
import { finding, idOf, incident, proc, remedy, totals, verdict } from '../publish/rows.js';
import { run, type World } from './attached.js';
import { Captured } from './io.js';
import { connectionEvent, processInfo } from './rows.js';

const COLUMNS = 80;
const ESCAPE = '\u001b';
const tooWide = (text: string) => text.split('\n').filter((line) => widthOf(line) > COLUMNS);
/** Without dates, which are of this moment and of the zone of this machine. */
const undated = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC[+-]\d\d:\d\d/g, 'DATE');

const IMPORTER = 'checkout-importer-for-the-warehouse-of-the-northern-region-v2.py';
const inside = `nsenter --net="$(find -L /proc/[0-9]*/ns/net -inum 4026532999 -print -quit 2>/dev/null)" `;
const widened = 'net.ipv4.ip_local_port_range="1024 65535" net.ipv4.ip_local_reserved_ports="5432,6379,8080"';
const narrow = 'net.ipv4.ip_local_reserved_ports="" net.ipv4.ip_local_port_range="30000 31999"';

const ports = incident('ports:1', {
  netns: 4_026_532_999,
  netnsId: idOf({ netns: 4_026_532_999 }),
  name: 'warehouse-of-the-northern-region-blue',
  culprits: [{ process: proc({ pid: 4242, name: IMPORTER }), program: null, ports: 1873, share: 0.94 }],
  remedies: [
    remedy('fix-for-good', {
      text: 'Make one pool when the program starts; take connections from it and give them back. (SQLAlchemy: one create_engine(), no NullPool; Django: CONN_MAX_AGE = 60.)',
      snippet:
        "# once, when the program starts; dbname, user and password as connect() has them, and nowhere else:\nfrom psycopg_pool import ConnectionPool\npool = ConnectionPool('host=10.77.0.9 port=5432', min_size=1, max_size=10)",
      language: 'python',
    }),
    remedy('do-now', {
      text: 'Widen the port range from 2,000 to 64,512 ports: headroom, not a cure',
      command: `${inside}sysctl -w ${widened}`,
      undo: `${inside}sysctl -w ${narrow}`,
      settlesAt: 5521,
    }),
    remedy('will-not-help', {
      text: 'tcp_fin_timeout',
      reason: 'It is about FIN_WAIT2 alone, and does not shorten TIME_WAIT.',
    }),
  ],
});
const findings: FindingRow[] = [
  finding('x', {
    incident: 'ports:1',
    severity: 'critical',
    process: proc({ pid: 4242, name: IMPORTER }),
    title: `${IMPORTER} (pid 4242) tries 92 connections/s to 10.77.0.9:5432; 2,000 ports allow 33/s.`,
    findLine: [
      {
        text: 'Start the program once more with this hook: after 10, 20, 40, … connects to port 5432 it prints which lines they came from.',
        snippet: 'cat > "$dir/hook.py" <<\'END\'\nimport sys\nEND\nexport PYTHONPATH="$dir:$PYTHONPATH"',
        language: 'shell',
      },
    ],
  }),
  finding('y', {
    rank: 2,
    title:
      'Nobody listens on 10.77.0.9:6379: connection-checker-of-the-payment-service (pid 77) is refused 140 times/s.',
  }),
];
const world = (parts: Partial<World> = {}): World => ({
  findings: [...findings],
  incidents: [ports],
  totals: [totals('1'), totals('2', { netns: 4_026_532_999, name: 'warehouse-of-the-northern-region-blue' })],
  verdict: verdict({
    level: 'critical',
    text: `Out of ports to 10.77.0.9:5432. ${IMPORTER} (pid 4242) tries 92 connections/s; 2,000 ports allow 33/s. And 2 more: nobody listens on 10.77.0.9:6379; bind() finds no port on 10.77.0.5.`,
    incident: 'ports:1',
    budget: null,
    others: 2,
  }),
  ...parts,
});

describe('why at 80 columns', () => {
  it('has the worst incident, what to do, and how to see the rest', async () => {
    const { out } = await run(world({ columns: COLUMNS }), 'why');
    expect(tooWide(out)).toEqual([]);
    expect(out.trimEnd().split('\n').length).toBeLessThan(24);
    expect(undated(out)).toMatchInlineSnapshot(`
      "Out of ports to 10.77.0.9:5432.
      checkout-importer-for-the-warehouse-of-the-northern-region-v2.py (pid 4242)
      tries 92 connections/s; 2,000 ports allow 33/s. And 2 more: nobody listens on
      10.77.0.9:6379; bind() finds no port on 10.77.0.5.
      In warehouse-of-the-northern-region-blue.
      As of DATE

      1. CRITICAL  checkout-importer-for-the-warehouse-of-the-northern-region-v2.py
         (pid 4242) tries 92 connections/s to 10.77.0.9:5432; 2,000 ports allow 33/s.
         Fix for good: Make one pool when the program starts; take connections from it
         and give them back. (SQLAlchemy: one create_engine(), no NullPool; Django:
         CONN_MAX_AGE = 60.)
         Do now: Widen the port range from 2,000 to 64,512 ports: headroom, not a cure
           $ nsenter --net="$(find -L /proc/[0-9]*/ns/net -inum 4026532999 -print \\
             -quit 2>/dev/null)" sysctl -w net.ipv4.ip_local_port_range="1024 65535" \\
             net.ipv4.ip_local_reserved_ports="5432,6379,8080"
           undo: $ nsenter --net="$(find -L /proc/[0-9]*/ns/net -inum 4026532999 \\
                   -print -quit 2>/dev/null)" sysctl -w \\
                   net.ipv4.ip_local_reserved_ports="" \\
                   net.ipv4.ip_local_port_range="30000 31999"
      2. WARNING  Nobody listens on 10.77.0.9:6379:
         connection-checker-of-the-payment-service (pid 77) is refused 140 times/s.
      … every fix with its undo, all evidence: the same with --all
      "
    `);
  });

  it('has all of it with --all', async () => {
    const { out } = await run(world({ columns: COLUMNS }), 'why', '--all');
    expect(tooWide(out)).toEqual([]);
    expect(undated(out)).toMatchInlineSnapshot(`
      "Out of ports to 10.77.0.9:5432.
      checkout-importer-for-the-warehouse-of-the-northern-region-v2.py (pid 4242)
      tries 92 connections/s; 2,000 ports allow 33/s. And 2 more: nobody listens on
      10.77.0.9:6379; bind() finds no port on 10.77.0.5.
      In warehouse-of-the-northern-region-blue.
      As of DATE

      1. CRITICAL  checkout-importer-for-the-warehouse-of-the-northern-region-v2.py
         (pid 4242) tries 92 connections/s to 10.77.0.9:5432; 2,000 ports allow 33/s.
         Command line: ab -n 20000 http://10.0.0.9/
         Program: ab (bash load.sh), started by systemd (pid 1)
         Since DATE; high confidence: every open and close
         was counted in the kernel. Rule connection-churn.
         What was seen:
           connections opened per second: 312.4
           closed by this side: 100 %
         Fix for good:
           Make one pool when the program starts; take connections from it and give
           them back. (SQLAlchemy: one create_engine(), no NullPool; Django:
           CONN_MAX_AGE = 60.)
      # once, when the program starts; dbname, user and password as connect() has
      # them, and nowhere else:
      from psycopg_pool import ConnectionPool
      pool = ConnectionPool('host=10.77.0.9 port=5432', min_size=1, max_size=10)
         Do now:
           Widen the port range from 2,000 to 64,512 ports: headroom, not a cure.
             $ nsenter --net="$(find -L /proc/[0-9]*/ns/net -inum 4026532999 -print \\
               -quit 2>/dev/null)" sysctl -w \\
               net.ipv4.ip_local_port_range="1024 65535" \\
               net.ipv4.ip_local_reserved_ports="5432,6379,8080"
             undo: $ nsenter --net="$(find -L /proc/[0-9]*/ns/net -inum 4026532999 \\
                     -print -quit 2>/dev/null)" sysctl -w \\
                     net.ipv4.ip_local_reserved_ports="" \\
                     net.ipv4.ip_local_port_range="30000 31999"
             ports held in the end: 5,521
         Will not help:
           tcp_fin_timeout.
             why: It is about FIN_WAIT2 alone, and does not shorten TIME_WAIT.
         Find the line:
           Start the program once more with this hook: after 10, 20, 40, … connects to
           port 5432 it prints which lines they came from.
      cat > "$dir/hook.py" <<'END'
      import sys
      END
      export PYTHONPATH="$dir:$PYTHONPATH"

      2. WARNING  Nobody listens on 10.77.0.9:6379:
         connection-checker-of-the-payment-service (pid 77) is refused 140 times/s.
         Command line: ab -n 20000 http://10.0.0.9/
         Program: ab (bash load.sh), started by systemd (pid 1)
         Since DATE; high confidence: every open and close
         was counted in the kernel. Rule connection-churn.
         What was seen:
           connections opened per second: 312.4
           closed by this side: 100 %
         Fix for good:
           Ask for keep-alive.
      ab -k
         Do now:
           Widen the port range.
             $ sysctl -w net.ipv4.ip_local_port_range="1024 65535"
             undo: $ sysctl -w net.ipv4.ip_local_port_range="32768 60999"
             effect: At once, for new connections. Until reboot
      "
    `);
  });

  it('has a sentence and a command whole on a screen that is too low for them, too', async () => {
    const long = { ...world().verdict, text: 'All of this is said. '.repeat(30) } as VerdictRow;
    const [first] = ports.remedies.filter(({ role }) => role === 'do-now');
    const told = { ...ports, remedies: first === undefined ? [] : [first] };
    const { out } = await run(world({ columns: COLUMNS, verdict: long, incidents: [told] }), 'why');
    expect(out.replaceAll(/\s+/g, ' ')).toContain('All of this is said. '.repeat(30));
    expect(out).toContain('net.ipv4.ip_local_reserved_ports="5432,6379,8080"\n');
    expect(out).toMatch(/every fix with its undo, all evidence: the same with --all\n$/);
  });

  it('breaks no word of a name of 4,000 characters, and says the rest', async () => {
    const name = `\u202e${'n'.repeat(4000)}${ESCAPE}[2J\n`;
    const process = proc({ pid: 4242, name, unit: name, cmdline: `${name} ${name}`, container: name });
    const title = `${name} (pid 4242) tries 92 connections/s; 2,000 ports allow 33/s.`;
    const given = world({
      columns: COLUMNS,
      findings: [finding('x', { title, process, program: name, evidence: [{ text: 'name', value: name }] })],
      incidents: [incident('i', { title, name, culprits: [{ process, program: name, ports: 9, share: 1 }] })],
      totals: [totals('1', { name }), totals('2', { netns: 5, name })],
      verdict: verdict({ level: 'critical', text: title, incident: 'i', budget: null }),
    });
    for (const words of [['why'], ['why', '--all']]) {
      const { out } = await run(given, ...words);
      expect(tooWide(out)).toEqual([]);
      expect(printable(out.replaceAll('\n', ''))).toBe(out.replaceAll('\n', ''));
      expect(out.replaceAll(/\s+/g, ' ')).toContain('nnn…nnn');
      expect(out.replaceAll(/\s+/g, ' ')).toContain(
        '(pid 4242) tries 92 connections/s; 2,000 ports allow 33/s.',
      );
      expect(out.length).toBeLessThan(4000);
    }
  });
});

describe('why into a pipe', () => {
  it('says everything, each sentence and command in one line', async () => {
    const { out } = await run(world(), 'why');
    expect(out).toBe(
      (await run(world(), 'why', '--all')).out.replace(/As of .*/, /As of .*/.exec(out)?.[0] ?? ''),
    );
    const { title } = findings[0] as FindingRow;
    expect(out).toContain(`1. CRITICAL  ${title}\n`);
    for (const { text, command, undo } of ports.remedies) {
      expect(out).toContain(text);
      if (command !== null) expect(out).toContain(`$ ${command}\n`);
      if (undo !== null) expect(out).toContain(`undo: $ ${undo}\n`);
    }
    expect(out).not.toMatch(/--all|\\\n/);
  });
});

describe('check at 80 columns', () => {
  it('breaks no word of its line', async () => {
    const { out } = await run(world({ columns: COLUMNS, findings: [] }), 'check');
    expect(tooWide(out)).toEqual([]);
    expect(out).toMatchInlineSnapshot(`
      "PORTCHURN CRITICAL - Out of ports to 10.77.0.9:5432.
      checkout-importer-for-the-warehouse-of-the-northern-region-v2.py (pid 4242)
      tries 92 connections/s; 2,000 ports allow 33/s. And 2 more: nobody listens on
      10.77.0.9:6379; bind() finds no port on 10.77.0.5. In
      warehouse-of-the-northern-region-blue. | tightest=70.8%;70;90;0;100
      ports_used=20000;;;0;28232 exhaustion=U;;;0 findings_critical=0;;;0
      findings_warning=0;;;0
      "
    `);
  });

  it('is one line into a pipe', async () => {
    const { out } = await run(world({ findings: [] }), 'check');
    expect(out.split('\n')).toHaveLength(2);
    expect(out).toContain(printable(world().verdict?.text ?? ''));
  });

  it('breaks no word where it says why there is no answer', async () => {
    const { code, out } = await run(
      world({ columns: COLUMNS }),
      'check',
      '--netns',
      'no-such-namespace-of-this-machine',
    );
    expect(code).toBe(3);
    expect(tooWide(out)).toEqual([]);
    expect(out).toMatch(/^PORTCHURN UNKNOWN - .*no-such-namespace-of-this-machine/s);
  });
});

describe('trace at 80 columns', () => {
  const event = (parts: Partial<ConnectionEvent>) =>
    connectionEvent({ time: new Date(2024, 0, 1, 23, 4, 41).getTime(), ...parts });
  const style = styleFor(new Captured({}, { columns: COLUMNS }), { color: false, ascii: false });
  const SIX = { address: '2001:db8:1234:5678:9abc:def0:1234:5678', port: 54_321 };
  const lines = [
    event({ type: 'established' }),
    event({ type: 'closed', closer: processInfo({ pid: 7, comm: 'killer' }) }),
    event({
      type: 'failed',
      errno: 'EADDRNOTAVAIL',
      cause: 'ports-exhausted',
      process: processInfo({ comm: IMPORTER }),
    }),
    event({ type: 'closed', local: SIX, remote: { ...SIX, port: 5432 } }),
  ];

  it('goes on below its type, at a part of the line, and below the time is nothing', () => {
    const text = lines.map((one) => eventLine(one, style, COLUMNS)).join('\n');
    expect(tooWide(text)).toEqual([]);
    expect(text).toMatchInlineSnapshot(`
      "23:04:41.000  established     4242  curl                  out
                    10.0.0.1:40000 → 10.0.0.9:80  in 0.3 ms
      23:04:41.000  closed          4242  curl                  out
                    10.0.0.1:40000 → 10.0.0.9:80  time-wait  lived 12 ms  sent 76 B
                    received 1.2 kB  closed by 7 killer
      23:04:41.000  failed          4242
                    checkout-importer-for-the-warehouse-of-the-northern-region-v2.py
                    out  10.0.0.1:40000 → 10.0.0.9:80
                    EADDRNOTAVAIL: no free local port for this destination
                    after 12 ms
      23:04:41.000  closed          4242  curl                  out
                    [2001:db8:1234:5678:9abc:def0:1234:5678]:54321  →
                    [2001:db8:1234:5678:9abc:def0:1234:5678]:5432  time-wait
                    lived 12 ms  sent 76 B  received 1.2 kB"
    `);
  });

  it('has the colours where they belong', () => {
    const coloured = styleFor(new Captured({}, { columns: COLUMNS }), { color: true, ascii: false });
    const text = lines.map((one) => eventLine(one, coloured, COLUMNS)).join('\n');
    const plain = lines.map((one) => eventLine(one, style, COLUMNS)).join('\n');
    expect(stripVTControlCharacters(text)).toBe(plain);
    expect(text).not.toBe(plain);
  });

  it('is one line for each event into a pipe', () => {
    const pipe = styleFor(new Captured(), { color: false, ascii: false });
    for (const one of lines) expect(eventLine(one, pipe, Number.POSITIVE_INFINITY)).not.toContain('\n');
  });
});
