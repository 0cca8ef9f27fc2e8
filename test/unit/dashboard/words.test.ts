import { describe, expect, it } from 'vitest';
import { holdingWords } from '../../../dashboard/text/incident-words.js';
import {
  isOld,
  liveness,
  lostWords,
  STALE_AFTER_MS,
  waitingWords,
} from '../../../dashboard/text/link-words.js';
import {
  chipWords,
  coverageWords,
  crossCheckWords,
  holderWords,
  lossWords,
  outlookWords,
  returnWords,
  titleWords,
} from '../../../dashboard/text/words.js';
import type { Link } from '../../../src/client/link.js';
import { failureRowWords, failureWords } from '../../../src/protocol/failure-words.js';
import type { VerdictRow } from '../../../src/protocol/rows.js';
import { budget, failure, proc, totals } from '../publish/rows.js';

const NOW = 1_700_000_000_000;
const lost = { phase: 'lost', since: NOW - 130_000, retryAt: NOW + 2_400, reason: 'unauthorized' } as const;
const heard = (ago: number): Link => ({ phase: 'open', heard: NOW - ago });

it('the title of the page spells out what a program calls itself', () => {
  const text = 'Out of ports to 10.0.0.9:5432 (\u202edb\u001b[2J)';
  const nothing = { exhaustionSeconds: null, budget: null, finding: null, incident: null };
  const verdict: VerdictRow = {
    ...nothing,
    ...{ key: 'verdict', level: 'critical', text, since: NOW, others: 0, named: [] },
  };
  expect(titleWords(null, verdict, false)).toBe(
    '✗ Out of ports to 10.0.0.9:5432 (\\u202edb\\u001b[2J) · portchurn',
  );
});

it('one port is one port', () => {
  const holding = (ports: number) => holdingWords({ ports, share: 0.005 });
  expect([holding(1), holding(2000)]).toEqual(['1 port, 0.5 %', '2,000 ports, 0.5 %']);
});

describe('the link', () => {
  it('is live while frames come and stale after the silence of one and a half heartbeats', () => {
    expect(liveness(heard(STALE_AFTER_MS), NOW, NOW)).toMatchObject({ tone: 'good', word: 'Live' });
    const stale = liveness(heard(12_000), NOW - 12_000, NOW);
    expect(stale).toMatchObject({ tone: 'warn', word: 'Stale' });
    expect(stale.detail).toMatch(/^nothing heard for 12 s, data of \d\d:\d\d:\d\d$/);
    expect([isOld(heard(STALE_AFTER_MS), NOW), isOld(heard(12_000), NOW), isOld(lost, NOW)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('says for how long it is lost, what to do and when it tries again', () => {
    expect(liveness(lost, null, NOW)).toMatchObject({ tone: 'bad', word: 'Lost', detail: 'for 2 min 10 s' });
    expect(lostWords(lost, NOW)).toEqual({
      reason: expect.stringContaining('#token='),
      retry: 'Trying again in 3 s.',
    });
    expect(lostWords(lost, NOW + 5_000).retry).toBe('Trying again now.');
  });

  it('never says a table is empty before anybody said so', () => {
    expect(waitingWords({ phase: 'connecting' }, NOW)).toBe('Connecting to the service…');
    expect(waitingWords(heard(0), NOW)).toBe('Waiting for the first rows…');
    expect(waitingWords(lost, NOW)).toBe('No data yet.');
  });
});

describe('trust', () => {
  it('counts loss once, though every namespace carries it', () => {
    const lost = { ring: 3, recursion: 0, storage: 9, total: 12 };
    const rows = [totals('1', { lost, lowerBound: true }), totals('2', { lost })];
    expect(lossWords(rows)).toMatchObject({ tone: 'warn', word: '12: some counts are lower bounds' });
    expect(lossWords(rows).detail).toBe('3 by a full ring, 9 for want of memory');
    expect(lossWords([totals('1', { lost })]).word).toBe('12, counts stayed exact');
    expect(lossWords([totals('1')])).toMatchObject({ tone: 'good', word: '0' });
    expect(lossWords([]).word).toBe('–');
  });

  it('says in a few words what is not seen and what was lost', () => {
    const lost = { ring: 3, recursion: 0, storage: 151, total: 154 };
    const problem = { what: 'w', why: 'y', fix: null };
    expect(chipWords([], [totals('1', { lost, lowerBound: true })])).toBe('± 154 lost');
    expect(chipWords([], [totals('1', { lost })])).toBe('154 lost');
    expect(chipWords([problem], [totals('1')])).toBe('◐ 1 limit');
    expect(chipWords([problem, problem], [totals('1', { lost })])).toBe('◐ 2 limits · 154 lost');
    expect(chipWords([], [totals('1')])).toBeNull();
  });

  it('gives coverage over all audited namespaces, and says when there is nothing to cover', () => {
    const rows = [
      totals('1', { timeWait: 900, timeWaitAttributed: 896 }),
      totals('2', { timeWait: 100, timeWaitAttributed: 100 }),
      totals('3', { timeWait: null, timeWaitAttributed: null, auditAgeMs: null }),
    ];
    expect(coverageWords(rows)).toEqual({
      word: '99.6 % of TIME_WAIT has an owner',
      title: '996 of 1,000 entries',
    });
    expect(coverageWords([totals('1', { timeWait: 0, timeWaitAttributed: 0 })]).word).toBe('no TIME_WAIT');
    expect(coverageWords([]).word).toBe('–');
  });
});

describe('failures in plain words', () => {
  it.each([
    ['EADDRNOTAVAIL', 'ports-exhausted', 'no free local port for this destination'],
    ['EADDRNOTAVAIL', 'no-source-address', 'local address not available'],
    ['EADDRNOTAVAIL', 'foreign-address', 'local address not available'],
    ['EADDRINUSE', 'port-in-use', 'bind() asked for a port in use'],
    ['EADDRINUSE', 'bind-pool-exhausted', 'no free port left to bind()'],
    ['ECONNREFUSED', 'refused', 'nobody listens there'],
    ['ETIMEDOUT', 'timed-out', 'no answer'],
    ['ENETUNREACH', 'unreachable', 'no route'],
    ['EMFILE', 'other', 'out of file descriptors, not ports'],
    ['ESOMETHING', 'other', 'other'],
    [null, null, null],
  ] as const)('%s by %s is “%s”', (errno, cause, words) => expect(failureWords(errno, cause)).toBe(words));

  it.each([
    [16, 'no answer, the program gave up'],
    [3, 'the program gave up first'],
    [0, 'the program gave up first'],
  ])('of 16 attempts that a program gave up, %d unanswered: “%s”', (unanswered, words) => {
    const row = failure('f', { cause: 'aborted', errno: null, count: 16, unanswered });
    expect(failureRowWords(row)).toBe(words);
    expect(failureRowWords({ ...row, cause: 'refused', errno: 'ECONNREFUSED' })).toBe('nobody listens there');
  });
});

describe('the cross-check', () => {
  it('puts our count beside the kernel’s, with the age of the older reading', () => {
    const rows = [
      totals('1', { timeWait: 26_811, states: { 'time-wait': 26_800 }, auditAgeMs: 1_240 }),
      totals('2', { timeWait: 40, states: { 'time-wait': 40, established: 9 }, auditAgeMs: 300 }),
    ];
    expect(crossCheckWords(rows).word).toBe('our TIME_WAIT 26,851 · kernel 26,840, read 1.2 s ago');
  });

  it('claims nothing before the first audit', () => {
    const unknown = {
      timeWait: null,
      timeWaitAttributed: null,
      coverage: null,
      auditAgeMs: null,
      states: {},
    };
    expect(crossCheckWords([totals('1', unknown)]).word).toBe('our TIME_WAIT – · kernel not asked yet');
  });
});

describe('a budget', () => {
  it('says when it runs out, in a tone that fits', () => {
    const says = (parts: Parameters<typeof budget>[1]) => outlookWords(budget('b', parts));
    expect(says({ exhaustionSeconds: 130, used: 100 })).toMatchObject({
      tone: 'warn',
      word: 'in 2 min 10 s',
    });
    expect(says({ exhaustionSeconds: 27 })).toMatchObject({ tone: 'warn', glyph: '▲', word: 'in 27 s' });
    expect(says({ exhaustionSeconds: 0, free: 0 })).toMatchObject({
      tone: 'bad',
      glyph: '✗',
      word: 'out of ports',
    });
    expect(says({ exhaustionSeconds: null })).toMatchObject({ tone: 'wait', word: 'no' });
    expect(says({ exhaustionSeconds: null, reuse: 'after-delay' }).word).toBe('no, reused');
    expect(says({ exhaustionSeconds: null, limit: null, free: null }).word).toBe('–');
  });

  it('says which ports come back first, and all the others', () => {
    const releasing: [number, number][] = [
      [5, 1200],
      [60, 300],
    ];
    expect(returnWords(budget('b', { releasing }))).toEqual({
      word: '1,200 in 5 s',
      title: '1,200 within 5 s\n300 within 1 min 0 s',
    });
    expect(returnWords(budget('b', { releasing: [] })).word).toBe('–');
  });

  it('names its holders, the largest first, and the one nobody knows', () => {
    const holders = [
      { process: proc({ pid: 7, comm: 'worker\u202e' }), ports: 1200 },
      { process: proc({ pid: null, comm: null, exe: null }), ports: 3 },
    ];
    expect(holderWords(budget('b', { holders }))).toEqual({
      word: 'worker\\u202e 7 (1,200)',
      title: 'worker\\u202e 7 (1,200)\nunknown owner (3)',
    });
    expect(holderWords(budget('b', { holders: [] }))).toBeNull();
  });
});
