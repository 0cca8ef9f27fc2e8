import { describe, expect, it } from 'vitest';
import {
  MOST_ENTRIES,
  ofFailures,
  ofFindings,
  ofLink,
  ofNotes,
  ofRestart,
  ofVerdict,
  record,
  within,
} from '../../../dashboard/state/journal.js';
import { failure, finding, proc, verdict } from '../publish/rows.js';

const T = 1_700_000_000_000;
const entry = (key: string, time: number) =>
  ({ key, time, tone: 'wait', glyph: '•', word: 'Thing', text: key, netnsId: null }) as const;

describe('the event log', () => {
  it('has each thing once, the newest first', () => {
    const log = record(record([], [entry('a', 1)]), [entry('c', 3), entry('b', 2), entry('a', 9)]);
    expect(log.map(({ key }) => key)).toEqual(['c', 'b', 'a']);
  });

  it('is the same while nothing is new, and bounded', () => {
    const many = Array.from({ length: MOST_ENTRIES + 50 }, (_, i) => entry(`e${i}`, i));
    const log = record([], many);
    expect([log.length, log[0]?.key, log.at(-1)?.key]).toEqual([MOST_ENTRIES, 'e249', 'e50']);
    expect(record(log, log)).toBe(log);
    expect(record(log, [entry('too old', 3)])).toBe(log);
  });

  it('tells when a finding appeared and when it was resolved', () => {
    const row = finding('f', { since: T, severity: 'warning', title: 'a\u0000b', resolved: T + 5000 });
    expect(ofFindings([row])).toMatchObject([
      { time: T, word: 'Warning', text: 'a\\u0000b' },
      { time: T + 5000, word: 'Resolved', text: 'a\\u0000b' },
    ]);
    expect(ofFindings([{ ...row, resolved: null }]).length).toBe(1);
  });

  it('tells the first failure of a kind, whoever else has it', () => {
    const rows = [
      failure('1', { firstSeen: T + 9, process: proc({ comm: 'late', pid: 2 }) }),
      failure('2', { firstSeen: T, process: proc({ comm: '<b>', pid: 1 }) }),
      failure('3', { firstSeen: T + 4, destination: { address: '10.0.0.8', port: 81 } }),
    ].map((row) => ({
      ...row,
      call: 'connect' as const,
      errno: 'EADDRNOTAVAIL',
      cause: 'ports-exhausted' as const,
    }));
    const entries = ofFailures(rows);
    expect(entries.map(({ time }) => time)).toEqual([T, T + 4]);
    expect(entries[0]?.text).toMatch(
      /^<b> \(pid 1\) to .*: connect\(\) EADDRNOTAVAIL, no free local port for this destination$/,
    );
    expect(record(record([], entries), ofFailures(rows.slice(0, 1))).length).toBe(2);
  });

  it('tells notes of the history but for what the rows say better', () => {
    const notes = [
      { time: T, kind: 'first-failure', text: 'EADDRNOTAVAIL to x', incident: null, netnsId: null },
      { time: T, kind: 'sysctl-change', text: 'tcp_tw_reuse 0 → 1', incident: null, netnsId: null },
      {
        time: T,
        kind: 'events-lost',
        text: '12 events had no room in the ring',
        incident: null,
        netnsId: null,
      },
    ] as const;
    expect(ofNotes(notes)).toMatchObject([
      { word: 'Setting changed' },
      { word: 'Events lost', tone: 'warn' },
    ]);
  });

  it('tells each level of the verdict, but not that ports are fine', () => {
    expect(ofVerdict(verdict({ level: 'ok' }))).toEqual([]);
    expect(ofVerdict(null)).toEqual([]);
    const said = verdict({ level: 'critical', since: T, text: 'Out of ports.' });
    const log = record(record([], ofVerdict(said)), ofVerdict({ ...said, text: 'Out of ports, still.' }));
    expect(log).toMatchObject([{ time: T, word: 'Critical', text: 'Out of ports.' }]);
  });

  it('is of one namespace: what is about others is left out, what concerns everybody is not', () => {
    const change = { kind: 'sysctl-change', incident: null } as const;
    const log = record(
      [],
      [
        ...ofFindings([finding('f', { since: T, netnsId: 'a' }), finding('g', { since: T, netnsId: 'b' })]),
        ...ofFailures([failure('1', { firstSeen: T + 1, netnsId: 'b' })]),
        ...ofNotes([
          { ...change, time: T + 2, text: 'of a', netnsId: 'a' },
          { ...change, time: T + 3, text: 'of b', netnsId: 'b' },
          { time: T + 4, kind: 'events-lost', text: '3 events', incident: null, netnsId: null },
        ]),
        ...ofVerdict(verdict({ level: 'critical', since: T + 5, text: 'of the machine' })),
        ...ofVerdict(verdict({ level: 'warning', since: T + 5, text: 'of a' }), 'a'),
        ...ofRestart('e1', 'e2', T + 6),
      ],
    );
    expect(within(log, 'a').map(({ time, word }) => [time - T, word])).toEqual([
      [6, 'Service restarted'],
      [5, 'Warning'],
      [4, 'Events lost'],
      [2, 'Setting changed'],
      [0, expect.any(String)],
    ]);
    expect(within(log, undefined).map(({ time }) => time - T)).toEqual([6, 4]);
  });

  it('tells that the link was lost, that it is back, and that the service began anew', () => {
    const open = { phase: 'open', heard: T } as const;
    const lost = { phase: 'lost', since: T, retryAt: T + 500, reason: 'dropped' } as const;
    expect(ofLink({ phase: 'connecting' }, open, T)).toEqual([]);
    expect(ofLink(open, lost, T)).toMatchObject([{ time: T, word: 'Connection lost' }]);
    expect(ofLink(lost, { ...lost, reason: 'unreachable' }, T + 1)).toEqual([]);
    expect(ofLink(lost, open, T + 65_000)[0]).toMatchObject({ time: T + 65_000, word: 'Connection resumed' });
    expect(ofLink(lost, open, T + 65_000)[0]?.text).toMatch(/^After 1 min 5 s;/);
    expect([ofRestart(null, 'e1', T), ofRestart('e1', 'e1', T)]).toEqual([[], []]);
    expect(ofRestart('e1', 'e2', T)).toMatchObject([{ word: 'Service restarted' }]);
  });
});
