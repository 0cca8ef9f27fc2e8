import { expect, it } from 'vitest';
import { type Condition, problemsOf } from '../../../src/engine/problems.js';

const CLEAR: Condition = {
  lostAgoMs: null,
  lost: { ring: 40, recursion: 12, storage: 0, total: 52 },
  missedAgoMs: null,
  timeWait: 5000,
  coverage: 0.999,
  auditAgeMs: 2000,
  late: null,
  discovery: null,
  uptimeMs: 600_000,
  withoutStorage: 0,
  full: [],
};
const whats = (parts: Partial<Condition>) => problemsOf({ ...CLEAR, ...parts }).map(({ what }) => what);

it('has nothing to say while everything is seen', () => {
  expect(whats({})).toEqual([]);
  expect(whats({ coverage: null, auditAgeMs: null, timeWait: 0 })).toEqual([]);
});

it.each([
  [{ lostAgoMs: 5000 }, 'Details of 40 events are missing'],
  [
    { missedAgoMs: 61_000 },
    'Events were lost, 12 that the kernel did not show: rows that say so are lower bounds.',
  ],
  [{ coverage: 0.5 }, '2,500 TIME_WAIT entries have no owner.'],
  [{ auditAgeMs: 100_000 }, 'Counts were last compared with the kernel’s own list 1 min 40 s ago.'],
  [
    { auditAgeMs: 100_000, late: { count: 1, name: 'blue', ageMs: 95_000 } },
    'Counts of network namespace blue were last compared with the kernel’s own list 1 min 35 s ago.',
  ],
  [
    { late: { count: 3, name: 'blue', ageMs: 95_000 } },
    'Counts of network namespace blue and 2 more were last compared',
  ],
  [{ discovery: { error: 'EMFILE: too many open files' } }, 'Network namespaces may be missing'],
  [{ discovery: { limit: 50_000 } }, 'Network namespaces may be missing'],
  [{ withoutStorage: 60 }, '60 sockets had no memory left for the tracer.'],
  [{ full: ['programs', 'flows'] }, 'there is no room for more programs, flows. Sums stay exact.'],
] as const)('says what %o hides', (parts, what) => {
  expect(whats(parts)).toEqual([expect.stringContaining(what)]);
});

it('stops telling a loss after a minute, a miss after ten, and says nothing of a handful of entries', () => {
  expect(whats({ lostAgoMs: 61_000 })).toEqual([]);
  expect(whats({ missedAgoMs: 601_000 })).toEqual([]);
  expect(whats({ coverage: 0, timeWait: 99 })).toEqual([]);
});

it('says why namespaces may be missing', () => {
  const why = (discovery: Condition['discovery']) =>
    problemsOf({ ...CLEAR, discovery }).map((one) => one.why);
  expect(why({ error: 'EMFILE: too many open files' })).toEqual([
    'The scan of /proc failed: EMFILE: too many open files.',
  ]);
  expect(why({ limit: 50_000 })).toEqual([expect.stringContaining('more than 50,000 processes')]);
});

it('tells entries that are older than the service from those it should have known', () => {
  const fixes = (uptimeMs: number) => problemsOf({ ...CLEAR, coverage: 0.5, uptimeMs }).map(({ fix }) => fix);
  expect(fixes(10_000)).toEqual([null]);
  expect(fixes(100_000)).toEqual([expect.stringContaining('Restart the programs')]);
});
