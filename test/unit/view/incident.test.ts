import { describe, expect, it } from 'vitest';
import { byHarm } from '../../../src/forecast/harm.js';
import type { IncidentRow } from '../../../src/protocol/rows.js';
import {
  actionsOf,
  changeWords,
  endedText,
  figuresOf,
  lastChange,
  pasted,
  shownIncident,
  subjectText,
} from '../../../src/view/incident.js';
import { incident, proc, remedy } from '../publish/rows.js';

const NOBODY = proc({ pid: null, name: null, comm: null, exe: null, script: null, interpreter: null });
const who = proc({ pid: 4242, name: 'importer.py', interpreter: 'python3' });
const culprit = { process: who, program: null, ports: 1_900, share: 0.95 };
const victim = { process: who, program: null, failed: 30, perSec: 3 };
const row = (parts: Partial<IncidentRow> = {}) =>
  incident('i', { culprits: [culprit], victims: [victim], ...parts });

describe('the sentence', () => {
  it('says who, toward what, and in which namespace', () => {
    expect(subjectText(row({ name: 'shop' }))).toBe(
      'importer.py (python3 · 4242) has used up the ports to 10.0.0.9:80 in shop',
    );
    expect(subjectText(row({ state: 'over' }))).toContain(' used up the ports to ');
  });

  it('does not say that ports are gone while some are left', () => {
    expect(subjectText(row({ failed: 0, exhaustionSeconds: 130 }))).toContain(' is using up the ports to ');
  });

  it.each([
    ['refused', 'is refused by 10.0.0.9:80 in host'],
    ['no-answer', 'gets no answer from 10.0.0.9:80 in host'],
    ['scan', 'tries many ports of 10.0.0.9 in host'],
    ['bind-pool', 'has used up the ports that bind() gives in host'],
    ['overflow', 'makes more TIME_WAIT entries than are allowed in host'],
  ] as const)('of %s names what happens', (kind, words) => {
    expect(subjectText(row({ kind }))).toBe(`importer.py (python3 · 4242) ${words}`);
  });

  it('names nobody who has no clear part, and passes over an owner whom nobody knows', () => {
    const small = { ...culprit, share: 0.2 };
    expect(subjectText(row({ culprits: [small, small] }))).toMatch(/^More than one program has /);
    expect(subjectText(row({ culprits: [], victims: [] }))).toMatch(/^An unknown program has /);
    const unknown = { ...culprit, process: NOBODY, share: 0.5 };
    expect(subjectText(row({ culprits: [unknown, small] }))).toMatch(/^An unknown program has /);
    expect(subjectText(row({ culprits: [unknown, small, small] }))).toMatch(/^More than one program has /);
    expect(subjectText(row({ culprits: [], victims: [victim, victim] }))).toMatch(/^An unknown program has /);
    expect(subjectText(row({ culprits: [unknown, { ...culprit, share: 0.46 }] }))).toMatch(/^importer\.py /);
    const crowd = [10, 9, 8].map((failed) => ({ ...victim, failed }));
    expect(subjectText(row({ kind: 'refused', victims: crowd, failed: 27 }))).toMatch(
      /^More than one program is /,
    );
  });
});

it('names two who hold about as many together, and no victim as who has used up ports', () => {
  const other = { ...culprit, process: proc({ pid: 7, name: 'right.py' }), ports: 950, share: 0.48 };
  expect(subjectText(row({ culprits: [{ ...culprit, ports: 1000, share: 0.5 }, other] }))).toBe(
    'importer.py and right.py have used up the ports to 10.0.0.9:80 in host',
  );
  expect(subjectText(row({ culprits: [] }))).toMatch(/^An unknown program has used up/);
});

describe('the figures', () => {
  it('are what is wanted beside what the ports allow, and what has failed', () => {
    const [demand, failed] = figuresOf(row());
    expect(demand).toMatchObject({ value: '92.0/s', against: 'of 33.0/s', isBroken: false });
    expect(failed).toMatchObject({ value: '1,180', against: '59.0/s now', isBroken: true });
    expect(figuresOf(row({ lowerBound: true, failPerSec: 0 }))[1]).toMatchObject({
      value: '≥ 1,180',
      isBroken: false,
    });
  });

  it('are a countdown while nothing has failed', () => {
    expect(figuresOf(row({ failed: 0, exhaustionSeconds: 130 }))[1]).toMatchObject({
      value: '2 min 10 s',
      isBroken: false,
    });
    expect(figuresOf(row({ failed: 0, exhaustionSeconds: 0 }))[1]).toMatchObject({ value: 'none left' });
  });

  it('of what is not about ports are what fails now, and in all', () => {
    const [now] = figuresOf(row({ kind: 'refused', demandPerSec: null, failPerSec: 12, culprits: [] }));
    expect(now).toEqual({ value: '12.0/s', against: null, label: 'connects that fail', isBroken: true });
  });
});

describe('what to do', () => {
  const cure = remedy('fix-for-good', { snippet: 'pool = …' });
  const command = remedy('do-now', {
    command: 'sysctl -w a=1',
    undo: 'sysctl -w a=2',
    snippet: 'a file',
  });
  const vain = remedy('will-not-help', { reason: 'because' });

  it('is the first remedy, and the command for now beside it', () => {
    expect(actionsOf({ remedies: [cure, command, vain] })).toEqual({ first: cure, now: command });
    expect(actionsOf({ remedies: [command, vain] })).toEqual({ first: command, now: null });
    expect([pasted(cure), pasted(command), pasted(remedy('fix-for-good'))]).toEqual([
      'pool = …',
      'sysctl -w a=1',
      null,
    ]);
  });

  it('is never what will not help', () => {
    expect(actionsOf({ remedies: [vain] })).toEqual({ first: null, now: null });
  });

  it('keeps the way back of a command that was applied', () => {
    const done = { ...command, command: null };
    expect(actionsOf({ remedies: [cure, done] }).now).toBe(done);
  });
});

describe('which one is shown', () => {
  const rows = [{ key: 'worst' }, { key: 'other' }];
  const choice = { chosen: null, shown: null, held: false };

  it('is the worst, unless another was chosen', () => {
    expect(shownIncident(rows, choice)).toBe('worst');
    expect(shownIncident(rows, { ...choice, chosen: 'other' })).toBe('other');
    expect(shownIncident(rows, { ...choice, chosen: 'gone' })).toBe('worst');
    expect(shownIncident([], choice)).toBeNull();
  });

  it('stays while it is held, and yields to a choice all the same', () => {
    expect(shownIncident(rows, { ...choice, shown: 'other', held: true })).toBe('other');
    expect(shownIncident(rows, { ...choice, shown: 'other' })).toBe('worst');
    expect(shownIncident(rows, { chosen: 'worst', shown: 'other', held: true })).toBe('worst');
  });

  it('goes by state, severity and kind before what fails', () => {
    const all = [
      incident('over', { state: 'over', failPerSec: 900 }),
      incident('warning', { severity: 'warning', failPerSec: 500 }),
      incident('refused', { kind: 'refused', failPerSec: 400 }),
      incident('ports', { failPerSec: 5 }),
      incident('more', { failPerSec: 100 }),
    ];
    expect(all.sort(byHarm).map(({ key }) => key)).toEqual(['more', 'ports', 'refused', 'warning', 'over']);
  });
});

it('one that is over says how long it lasted', () => {
  expect(endedText(row({ since: 0, until: 130_000 }))).toBe('1,180 calls failed in 2 min 10 s');
});

describe('the last change', () => {
  const change = {
    kind: 'setting' as const,
    failPerSecBefore: 40,
    failPerSecAfter: 0,
    afterSeconds: 1,
    worked: true as boolean | null,
  };
  const first = { ...change, time: 1000, text: 'tcp_tw_reuse 0 → 2', worked: false };
  const range = { ...change, time: 60_000, text: 'ip_local_port_range 40000 40049 → 1024 65535' };
  const reserved = { ...change, time: 60_500, text: 'reserved ports 0 → 1' };

  it('is none where none is judged', () => {
    expect(lastChange({ changes: [] })).toBeNull();
    expect(lastChange({ changes: [{ ...range, worked: null }] })).toBeNull();
  });

  it('is what worked, of those that one command changed together', () => {
    const protecting = { ...reserved, worked: false };
    expect(lastChange({ changes: [first, range, protecting] })).toMatchObject({
      text: range.text,
      worked: true,
    });
  });

  it('names what one command changed together', () => {
    expect(lastChange({ changes: [first, range, reserved] })).toMatchObject({
      text: 'ip_local_port_range 40000 40049 → 1024 65535, reserved ports 0 → 1',
      worked: true,
    });
  });
});

describe('what a change did', () => {
  const change = {
    kind: 'setting' as const,
    time: 1,
    text: 'x',
    failPerSecBefore: 20,
    failPerSecAfter: 0,
    afterSeconds: 1,
    worked: true,
  };

  it.each([
    ['worked', {}],
    ['did not help', { worked: false, failPerSecAfter: 20 }],
    ['not known whether it helped', { worked: false, failPerSecAfter: null }],
    ['20.0 → 0 failures/s', { worked: false, kind: 'end' as const, text: 'gamma.py (pid 7) ended' }],
    ['cannot have helped', { worked: false, failPerSecAfter: 0 }],
    ['nothing failed before it', { worked: false, failPerSecBefore: 0, failPerSecAfter: 0 }],
    [
      'failures came after it',
      { worked: false, failPerSecBefore: 1, failPerSecAfter: 27, afterSeconds: null },
    ],
  ])('%s', (words, parts) => {
    expect(changeWords({ ...change, ...parts })).toBe(words);
  });

  it.each([
    ['was taken back', 'tcp_tw_reuse 0 → 1', 'tcp_tw_reuse 1 → 0', 2],
    ['was taken back', 'ip_local_port_range 9 19 → 9 29', 'ip_local_port_range 9 29 → 9 19', 2],
    ['not known whether it helped', 'tcp_tw_reuse 0 → 1', 'tcp_tw_reuse 1 → 2', 2],
    ['not known whether it helped', 'tcp_tw_reuse 0 → 1', 'tcp_tw_reuse 1 → 0', 0],
  ])('%s: %s and %s', (words, text, other, time) => {
    const one = { ...change, text, worked: false, failPerSecAfter: null, afterSeconds: null };
    expect(changeWords(one, [one, { ...one, time, text: other }])).toBe(words);
  });
});
