import { describe, expect, it } from 'vitest';
import { PortchurnError } from '../../../../src/protocol/errors.js';
import { type Filter, parseFilter } from '../../../../src/query/filter/parse.js';
import { budget, event, failure, flow, proc, totals } from '../../publish/rows.js';
import { random } from '../../publish/world.js';

const v6 = flow('v6', {
  process: proc({
    pid: 200,
    comm: 'curl',
    exe: '/usr/bin/curl',
    cmdline: 'curl -s "a b"',
    unit: null,
    uid: 33,
  }),
  program: 'curl (loop.sh)',
  destination: {
    address: '2001:db8::9',
    port: 443,
    name: 'db.internal',
    peer: { process: proc({ name: 'postgres' }) },
  },
  direction: 'in',
  timeWait: 5000,
  established: 0,
  lowerBound: true,
});
const unknown = flow('unknown', {
  process: proc({ pid: null, comm: null, exe: null, cmdline: null, unit: null }),
  program: null,
  netns: null,
  destination: { address: null, port: null },
  timeWait: null,
  established: null,
});
const inPod = proc({
  ...{ pid: 300, comm: 'nginx', exe: null, cmdline: null, container: 'app', image: 'shop/web:1' },
  ...{ pod: 'prod/web-5d4f8c7b9-x2x4z', workload: 'prod/web' },
});
const ROWS = {
  ab: flow('ab'),
  v6,
  unknown,
  totals: totals('n', { states: { established: 3, 'close-wait': 0 }, netns: 5 }),
  budget: budget('b'),
  failure: failure('f'),
  event: event({ oldState: 'established', newState: 'close-wait', end: null }),
  inbound: event({ direction: 'in', process: inPod }),
};
type Name = keyof typeof ROWS;
const NAMES = new Map([
  ['4026531840', 'host'],
  ['5', 'blue'],
]);
const parse = (text: string): Filter =>
  parseFilter(text, { nameOf: (id) => NAMES.get(id) ?? null, isReplaced: () => false });

const matching = (text: string): Name[] => {
  const filter = parse(text);
  return (Object.keys(ROWS) as Name[]).filter((name) => filter.matches(ROWS[name]));
};
const every = Object.keys(ROWS) as Name[];
const all = (...not: Name[]) => every.filter((name) => !not.includes(name));

describe('a filter', () => {
  it.each<[string, Name[]]>([
    ['', every],
    ['  ', every],
    ['pid:200', ['v6']],
    ['pid:>199', ['v6', 'inbound']],
    ['pid:<100', ['budget', 'failure']],
    ['pid:77', ['budget']],
    ['!pid:100', all('ab', 'event')],
    ['process:CURL', ['v6']],
    ['process:cur*', ['v6']],
    ['process:url', ['v6']],
    ['process:url*', []],
    ['process:*URL', ['v6']],
    ['process:c*u*l', ['v6']],
    ['process:curl*l', []],
    ['process:*', all('unknown', 'totals')],
    ['process:*s*a', []],
    ['process:c*-s*b*', ['v6']],
    ['process:/^c.rl$/', ['v6']],
    ['process:/^C.RL$/', []],
    ['process:/(?i)^C.RL$/', ['v6']],
    ['process:"a b"', ['v6']],
    ['process:"\\"a b\\""', ['v6']],
    ['process:"cur*"', []],
    ['exe:/usr/bin/curl', ['v6']],
    ['exe:*/ps*', ['failure']],
    ['exe:/bin\\/ps/', ['failure']],
    ['unit:load', ['ab', 'budget', 'failure', 'event', 'inbound']],
    ['container:app', ['inbound']],
    ['image:shop/web', ['inbound']],
    ['pod:prod/*', ['inbound']],
    ['workload:prod/web', ['inbound']],
    ['workload:x', []],
    ['peer:postgres', ['v6']],
    ['peer:db.internal', ['v6']],
    ['netns:5', ['totals']],
    ['netns:blue', ['totals']],
    ['netns:host', all('unknown', 'totals')],
    ['dst:10.0.0.9', ['ab', 'budget', 'failure', 'event']],
    ['dst:10.0.0.9:5432', ['budget', 'failure']],
    ['dst:10.0.0.0/24', ['ab', 'budget', 'failure', 'event', 'inbound']],
    ['dst:0.0.0.0/0', ['ab', 'budget', 'failure', 'event', 'inbound']],
    ['dst:2001:DB8::/32', ['v6']],
    ['dst:2001:db8:0::9', ['v6']],
    ['dst:[2001:db8::9]:443', ['v6']],
    ['dst:[2001:db8::9]:80', []],
    ['dst::443', ['v6']],
    ['dst:::ffff:10.0.0.9', ['ab', 'budget', 'failure', 'event']],
    ['dst:10.0', ['ab', 'budget', 'failure', 'event', 'inbound']],
    ['dst:*:80', ['ab', 'event']],
    ['src:10.0.0.1', ['budget', 'event']],
    ['src:10.0.0.1:40001', ['event']],
    ['port:443', ['v6']],
    ['port:>40000', ['inbound']],
    ['state:established', ['ab', 'totals', 'budget', 'event']],
    ['state:TIME_WAIT', ['ab', 'v6', 'budget']],
    ['state:close-wait', ['event']],
    ['state:close', ['inbound']],
    ['state:wait', ['ab', 'v6', 'budget', 'event', 'inbound']],
    ['errno:EADDRNOTAVAIL', ['failure']],
    ['cause:ports-exhausted', ['failure']],
    ['cause:exhausted', ['failure']],
    ['dir:in', ['v6', 'inbound']],
    ['end:time-wait', ['inbound']],
    ['program:loop.sh', ['v6']],
    ['program:psql', ['failure']],
    ['timeWait:>1000', ['v6', 'budget']],
    ['timeWait:2', ['ab']],
    ['lifetimeMs.p99:20', ['ab', 'v6', 'unknown']],
    ['process.uid:33', ['v6']],
    ['lowerBound:true', ['v6']],
    ['call:connect', ['failure']],
    ['kind:tuple', ['budget']],
    ['curl', ['v6']],
    ['10.0.0.9', ['ab', 'budget', 'failure', 'event']],
    ['2001:db8::9', ['v6']],
    ['[2001:db8::9]:443', ['v6']],
    [':5432', ['budget', 'failure']],
    ['fe80::1', []],
    ['2001:db8::/32', ['v6']],
    ['!2001:db8::/32 dir:in', ['inbound']],
    ['"10.0.0.9:80"', ['ab', 'event']],
    ['ab dst:10.0.0.0/8 !timeWait:>100', ['ab', 'event']],
    ['dir:out process:ab\tport:80', ['ab', 'event']],
    ['or', ['budget']],
    ['and ab', []],
    ['worker "or" ker', ['budget']],
    ['ab !or port:80', ['ab', 'event']],
    ['process:/^(ab|curl)$/ !dir:in', ['ab', 'event']],
  ])('%j matches what it says', (text, expected) => {
    expect(matching(text).sort()).toEqual([...expected].sort());
  });

  it.each<[string, number, string]>([
    ['nosuch:1', 1, '"nosuch" is no key'],
    ['ab nosuch:1', 4, 'is no key'],
    ['!nosuch:1', 2, 'is no key'],
    ['constructor:1', 1, 'is no key'],
    ['db:5432', 1, 'quote the word'],
    [
      'pid:7 or pid:8',
      7,
      'there is no "or" between words: all words must match; of several texts one regular',
    ],
    ['ab OR curl', 4, 'process:/nginx|envoy/, else ask once for each. In quotes it is a text'],
    ['dst:10.0.0.9 || dst:10.0.0.8', 14, 'there is no "||"'],
    ['ab | curl', 4, 'there is no "|"'],
    ['ab  and  curl', 5, 'there is no "and" between words: all words must match as it is, so leave it out'],
    ['ab curl && pid:7', 9, 'so leave it out'],
    ['pid:1,2', 5, 'a number'],
    ['pid:', 5, 'missing'],
    ['!', 2, 'missing'],
    ['ab !', 5, 'missing'],
    ['pid:x', 5, 'a number'],
    ['pid:>', 5, 'a number'],
    ['pid:"7"', 5, 'a number'],
    ['pid:1e3', 5, 'a number'],
    ['ab  port:8o', 10, 'a number'],
    ['process:"ab', 9, 'closing quote'],
    ['process:"ab"c', 13, 'a space'],
    ['""', 2, 'missing'],
    ['process:/[a/', 10, 'missing closing ]'],
    ['//', 2, 'empty'],
    ['process:/(?=a)/', 10, 'error parsing'],
    ['process:/a**/', 10, 'repetition'],
    ['dst:10.0.0.0/33', 13, 'no prefix'],
    ['dst:2001:db8::/129', 15, 'no prefix'],
    ['10.0.0.0/x', 9, 'no prefix'],
    ['dst:10.0.0.9:70000', 5, 'no port'],
    ['state:sleeping', 7, 'is none of'],
    ['cause:bored', 7, 'is none of'],
    ['dir:up', 5, 'is none of'],
    ['lowerBound:maybe', 12, 'true or false'],
    ['x'.repeat(4097), 4097, 'at most 4096'],
    ['a '.repeat(65), 129, 'at most 64 words'],
  ])('%j is refused at its column %i', (text, column, message) => {
    const error = (() => {
      try {
        return parseFilter(text);
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(PortchurnError);
    expect(error).toMatchObject({ code: 'BAD_FILTER', column });
    expect((error as Error).message).toContain(message);
  });

  it.each<[string, number[] | null]>([
    ['', null],
    ['pid:7', [7]],
    ['pid:7 dst:10.0.0.9', [7]],
    ['pid:7 pid:7', [7]],
    ['pid:7 pid:8', []],
    ['!pid:7', null],
    ['pid:>7', null],
    ['process.pid:7', null],
    ['7', null],
  ])('%j pins the processes %j', (text, pids) => {
    expect(parseFilter(text).pids).toEqual(pids);
  });

  it('answers in linear time whatever the expression', () => {
    const filter = parseFilter('process:/^(a+)+$/');
    const row = flow('x', { process: proc({ cmdline: `${'a'.repeat(20_000)}!` }) });
    const before = process.cpuUsage();
    expect(filter.matches(row)).toBe(false);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  });

  it('never fails but with BAD_FILTER and a column inside the text, whatever is written', () => {
    const parts = [
      ...'!:"/\\*<>[]()., 19',
      'pid',
      'dst',
      'state',
      'timeWait',
      'ab',
      '::1',
      '10.0.0.0/8',
      '\u{1f600}',
    ];
    const next = random(11);
    for (let i = 0; i < 20_000; i++) {
      const text = Array.from({ length: next(12) }, () => parts[next(parts.length)]).join('');
      try {
        const filter = parseFilter(text);
        for (const row of Object.values(ROWS)) filter.matches(row);
      } catch (error) {
        if (!(error instanceof PortchurnError) || error.code !== 'BAD_FILTER') throw error;
        expect(error.column, text).toBeGreaterThan(0);
        expect(error.column, text).toBeLessThanOrEqual(text.length + 1);
      }
    }
  });
});
