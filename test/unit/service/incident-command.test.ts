/**
 * The program of --on-incident, with real programs: what it gets, one at a time, and that it can hold up nothing.
 */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { IncidentRow } from '../../../src/protocol/rows.js';
import { commandWords, IncidentCommand } from '../../../src/service/incident-command.js';
import { testScope } from '../../support/scope.js';
import { incident } from '../publish/rows.js';

const ENV = { PATH: process.env.PATH };
const LONG = { timeout: 10_000, interval: 20 };

interface Line {
  message: string;
  facts: Record<string, unknown>;
}

function command(script: string, timeMs?: number) {
  const folder = testScope().directory();
  const file = join(folder, 'hook');
  writeFileSync(file, `#!/bin/sh\ncd ${folder}\n${script}\n`);
  chmodSync(file, 0o700);
  const lines: Line[] = [];
  const note = (facts: object, message: string) =>
    void lines.push({ message, facts: facts as Record<string, unknown> });
  const log = { info: note, warn: note } as never;
  const run = new IncidentCommand(commandWords(`${file} one  two`, ENV), ENV, log, timeMs);
  const read = (name: string) =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
  return { run, lines, read };
}

const row = (name: string, state: IncidentRow['state'] = 'open') => incident(name, { state });

it('gets the row as one line of JSON, and its words as they are', async () => {
  const { run, lines, read } = command('echo "$0 $*" > words; cat > rows');
  const hostile = { ...row('refused:1::10.0.0.9:80@1'), title: '$(touch x) `touch x`; "\n' };
  run.report(hostile);
  await vi.waitFor(() => expect(lines).toHaveLength(1), LONG);
  expect(lines[0]?.message).toBe('the incident was reported');
  expect(JSON.parse(read('rows'))).toEqual(hostile);
  expect([read('rows').trim().split('\n').length, read('words')]).toEqual([
    1,
    expect.stringMatching(/ one two\n$/),
  ]);
  expect(read('x')).toBe('');
});

it('runs once at a time; meanwhile the latest state of each incident waits', async () => {
  const { run, lines, read } = command('echo begin >> order; cat >> rows; sleep 0.2; echo end >> order');
  for (const one of [row('a'), row('b'), row('b', 'easing'), row('a', 'over')]) run.report(one);
  await vi.waitFor(() => expect(lines).toHaveLength(3), LONG);
  const rows = read('rows')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows.map(({ key, state }) => [key, state])).toEqual([
    ['a', 'open'],
    ['b', 'easing'],
    ['a', 'over'],
  ]);
  expect(read('order')).toBe('begin\nend\n'.repeat(3));
});

it('that is slower than its time is ended with all it started, and the next one runs', async () => {
  const { run, lines, read } = command('sleep 600 & echo $! >> pids; wait', 300);
  run.report(row('a'));
  run.report(row('b'));
  await vi.waitFor(() => expect(lines).toHaveLength(2), LONG);
  expect(lines.map(({ message }) => message)).toEqual(
    Array(2).fill('the program of --on-incident was ended after 0.3 s'),
  );
  for (const pid of read('pids').trim().split('\n'))
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), LONG);
});

it('that fails says so in the log, with what it said', async () => {
  const { run, lines } = command('echo "no route" >&2; exit 3');
  run.report(row('a'));
  await vi.waitFor(() => expect(lines).toHaveLength(1), LONG);
  expect(lines[0]).toMatchObject({
    message: 'the program of --on-incident failed',
    facts: { incident: 'a', code: 3, stderr: 'no route\n' },
  });
});

it('that is flooded drops the oldest, and says how many', async () => {
  const { run, lines } = command('sleep 0.3; exit 1');
  for (let i = 0; i <= 205; i++) run.report(row(`k${i}`));
  await vi.waitFor(() => expect(lines.length).toBeGreaterThan(1), LONG);
  run.stop();
  const dropped = lines.find(({ message }) => message.includes('not reported'));
  expect(dropped?.facts).toEqual({ dropped: 5 });
});

it('ends with the service, in silence', async () => {
  const { run, lines, read } = command('echo $$ > pid; sleep 600');
  run.report(row('a'));
  await vi.waitFor(() => expect(read('pid')).toMatch(/\d/), LONG);
  run.stop();
  await vi.waitFor(() => expect(isAlive(read('pid'))).toBe(false), LONG);
  expect(lines).toEqual([]);
});

it.for(['nothing-that-is-there', './package.json', '/tmp', ' '])('%j is no program', (text) => {
  expect(() => commandWords(text, ENV)).toThrow(/is not a program that can be run/);
});

it('finds a name in PATH', () => {
  expect(commandWords('tee  -a /x', ENV)).toEqual(['tee', '-a', '/x']);
});

/** A zombie that nobody waits for has ended. */
function isAlive(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid.trim()}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
