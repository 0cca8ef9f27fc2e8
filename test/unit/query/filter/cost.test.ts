/**
 * No filter can hold the event loop: what costs too much is refused before it is compiled, or while it looks at one row. The
 * limits are counted, and that the counted is what the processor does is measured by its own clock.
 */
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { PortchurnError } from '../../../../src/protocol/errors.js';
import { parseFilter } from '../../../../src/query/filter/parse.js';
import { patternCost } from '../../../../src/query/filter/pattern-cost.js';
import { MAX_ROW_STEPS } from '../../../../src/query/filter/work.js';
import { patient } from '../../../support/patience.js';
import { budget, flow, proc } from '../../publish/rows.js';
import { random } from '../../publish/world.js';

/** Processor time of this process, ms: what other programs do does not count. */
const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** The cheapest of a few tries, ms: collections and compilation of our own code are not what is asked. */
function cost(attempt: () => unknown): number {
  const tries = Array.from({ length: 3 }, () => {
    const before = processorMs();
    attempt();
    return processorMs() - before;
  });
  return Math.min(...tries);
}

/** The error's code; null: it went through. */
function codeOf(attempt: () => unknown): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    if (error instanceof PortchurnError) return error.code;
    throw error;
  }
}

const WITHIN_MS = patient(50);
/** Letters in an order without a period, so that an automaton meets a new state with each of them. */
function letters(length: number, seed: number): string {
  const next = random(seed);
  return Array.from({ length }, () => 'aab1'[next(4)]).join('');
}
const longRow = (seed: number) => flow(`long${seed}`, { process: proc({ cmdline: letters(4096, seed) }) });

describe('an expression', () => {
  it.each([
    ['repeats within repeats', 'process:/(a{1000}){1000}/'],
    ['many repeats', `process:/${'(?:ab?){90}'.repeat(20)}/`],
    ['ranges that are folded character by character', `process:/(?i)${'[\\x{41}-\\x{1e942}]'.repeat(19)}/`],
    ['many Unicode classes', `process:/(?i)${'\\pL'.repeat(130)}/`],
    ['classes of classes', `process:/(?i)${'[\\pL\\pN]|'.repeat(44)}a/`],
    ['a long one', `process:/${'ab'.repeat(1000)}/`],
    ['many in one filter', 'process:/.{99}/ '.repeat(60)],
  ])('is refused before it is compiled: %s', (_, text) => {
    expect(codeOf(() => parseFilter(text))).toBe('TOO_EXPENSIVE');
    expect(cost(() => codeOf(() => parseFilter(text)))).toBeLessThan(patient(25));
  });

  it('of any shape is counted as at least the program that it becomes', () => {
    const parts = [
      'a',
      '[a-z]',
      '.',
      '(',
      '(?:',
      ')',
      '|',
      '*',
      '+',
      '?',
      '{3}',
      '{2,5}',
      '{4,}',
      '\\d',
      '\\Qx{9}\\E',
      '[]a]',
      '[^\\]]',
      '^',
      '$',
      '\\b',
      '{',
      '}',
      '[[:alpha:]]',
      '(?i)',
    ];
    const next = random(5);
    let compiled = 0;
    for (let i = 0; i < 20_000; i++) {
      const pattern = Array.from({ length: 1 + next(9) }, () => parts[next(parts.length)]).join('');
      const counted = patternCost(pattern, 1000);
      if (counted > 1000) continue;
      const regex = compiledOrNull(pattern);
      if (regex === null) continue;
      compiled++;
      expect(counted + 3, pattern).toBeGreaterThanOrEqual(regex.programSize());
    }
    expect(compiled).toBeGreaterThan(3000);
  });

  it.each([
    'process:/nginx|haproxy|envoy|traefik|caddy|varnish|squid|php-fpm|gunicorn|uwsgi|puma|unicorn|node/',
    'process:/(?i)^(java|python3?|node)\\b.*--port[= ][0-9]{2,5}/',
    'process:/\\/usr\\/(local\\/)?s?bin\\/[a-z0-9_.-]{1,64}$/',
    'unit:/^(web|api|worker)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.service$/',
  ])('that people use costs next to nothing: %s', (text) => {
    const filter = parseFilter(text);
    for (let seed = 0; seed < 20; seed++) filter.matches(longRow(seed));
    expect(filter.steps / 20).toBeLessThan(10 * 4096);
  });
});

const compiledOrNull = (pattern: string): RE2JS | null => {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null;
  }
};

describe('one row', () => {
  const rows = Array.from({ length: 5 }, (_, seed) => longRow(seed));

  it('costs little with a pattern for which an automaton needs a state for each character', () => {
    const filter = parseFilter('!process:/a.{100}[0-9][c-d]/');
    const attempt = () => rows.map((row) => codeOf(() => filter.matches(row)));
    expect(attempt()).toEqual(rows.map(() => null));
    expect(cost(attempt) / rows.length).toBeLessThan(WITHIN_MS);
  });

  it('is given up when it costs too much, and the next filter is not hindered', () => {
    const filter = parseFilter('!process:/a.{900}[0-9][c-d]/');
    const codes = rows.map((row) => codeOf(() => filter.matches(row)));
    expect(codes).toContain('TOO_EXPENSIVE');
    const [row] = rows;
    expect(row && parseFilter('process:/a+/').matches(row)).toBe(true);
  });

  it('of many processes is one row: its limit is for all of them', () => {
    const holders = Array.from({ length: 100 }, (_, seed) => ({
      process: proc({ cmdline: letters(4096, seed) }),
      ports: 1,
    }));
    const filter = parseFilter('!process:/a.{90}[0-9][c-d]/');
    const attempt = () => codeOf(() => filter.matches(budget('b', { holders })));
    expect(attempt()).toBe('TOO_EXPENSIVE');
    expect(cost(attempt)).toBeLessThan(WITHIN_MS);
  });
});

it(
  'of filters of any shape none costs 50 ms of processor time in a row',
  () => {
    const atoms = [
      'a',
      'b',
      '.',
      '[ab]',
      '[^b]',
      '[0-9]',
      '\\w',
      '(a|b|ab)',
      '(?:a|aa)',
      '\\pL',
      '(?i)b',
      '(a*)*',
      '.*',
    ];
    const repeats = ['', '*', '+', '?', '{20}', '{90}', '{5,40}', '{200,}', '{400}', '{990}'];
    const next = random(17);
    const pick = (from: readonly string[]) => from[next(from.length)] ?? '';
    const rows = [longRow(1), longRow(2), flow('plain')];
    const seen = new Map<string | null, number>();
    for (let i = 0; i < 150; i++) {
      const regex = () =>
        `/${Array.from({ length: 1 + next(6) }, () => pick(atoms) + pick(repeats)).join('')}/`;
      const glob = () => Array.from({ length: 1 + next(30) }, () => pick(['a', 'b', 'ab'])).join('*');
      const words = Array.from({ length: 1 + next(4) }, () => `!process:${next(3) === 0 ? glob() : regex()}`);
      const text = words.join(' ');
      for (const row of rows) {
        let code: string | null = null;
        const spent = cost(() => {
          code = codeOf(() => parseFilter(text).matches(row));
        });
        seen.set(code, (seen.get(code) ?? 0) + 1);
        expect(spent, text).toBeLessThan(WITHIN_MS);
      }
    }
    for (const code of [null, 'TOO_EXPENSIVE']) expect(seen.get(code)).toBeGreaterThan(20);
    expect(MAX_ROW_STEPS).toBeGreaterThan(100_000);
  },
  patient(120_000),
);
