/**
 * The native code under AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer: the build of CMakeLists.txt with
 * SANITIZE, once as programs of its own (fuzzed messages of the kernel, a loop of loading and unloading), once as the addon
 * that the tests of tracer and dumper then run on.
 */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../scripts/lib/run.js';
import { must, run } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';

const OUT = join(ROOT, 'out/sanitized');
const tool = (name: string) => join(OUT, 'tools', name);
const DUMPS = 100_000;
const LOADS = 6;
/** Of the suites that run on the sanitized addon, which are all that call it by itself. */
const SUITES = ['native/addon', 'native/socket-dump', 'kernel/tracer'];
const LEAST_TESTS = 40;
const SUITES_WITHIN_MS = 150_000;

beforeAll(async () => {
  const words = [
    'build',
    '--out',
    'out/sanitized',
    '--CDSANITIZE=ON',
    '--parallel',
    '2',
    '--log-level',
    'warn',
  ];
  await must([join(ROOT, 'node_modules/.bin/cmake-js'), ...words], { cwd: ROOT, withinMs: 240_000 });
}, 250_000);

it(`${DUMPS} dumps of the kernel’s form are read as they are, and as many damaged ones are survived`, async () => {
  const seed = String(randomInt(2 ** 32));
  console.log(`dumpfuzz ${seed} ${DUMPS}`);
  const done = await must([tool('dumpfuzz'), seed, String(DUMPS)]);
  const { damaged, refused } = JSON.parse(done.stdout);
  expect(damaged).toBe(DUMPS);
  expect(refused).toBeGreaterThan(DUMPS / 10);
  expect(refused).toBeLessThan(DUMPS);
});

it('loading, using and unloading loses nothing', async () => {
  const done = await must([tool('loadloop'), String(LOADS)]);
  expect(done).toMatchObject({ stdout: `${LOADS} times\n`, stderr: '' });
});

it('what a tracer that is lost holds would be seen', async () => {
  const done = await run([tool('loadloop'), '1', 'leak']);
  expect(done.code).not.toBe(0);
  expect(done.stderr).toMatch(/LeakSanitizer: detected memory leaks.*in lose /s);
});

/** This tree with the sanitized build in place of the usual one. */
function copy(scope: Scope): string {
  const tree = scope.directory();
  for (const part of ['package.json', 'tsconfig.json', 'vitest.config.ts', 'scripts', 'src', 'test'])
    cpSync(join(ROOT, part), join(tree, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  symlinkSync(OUT, join(tree, 'out'));
  return tree;
}

/** Node itself is not sanitized: the runtime comes first, and looks for leaks in nobody, since V8 frees nothing at its end. */
function sanitizedEnvironment(): NodeJS.ProcessEnv {
  const runtimes = ['libasan.so', 'libubsan.so'].map((name) =>
    execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim(),
  );
  const { PATH, HOME } = process.env;
  return { PATH, HOME, LD_PRELOAD: runtimes.join(' '), ASAN_OPTIONS: 'detect_leaks=0', NO_COLOR: '1' };
}

it(
  `the tests of ${SUITES.join(', ')} pass`,
  async () => {
    const tree = copy(testScope());
    const report = join(tree, 'report.json');
    const words = ['run', ...SUITES, '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
    const vitest = join(ROOT, 'node_modules/.bin/vitest');
    const env = sanitizedEnvironment();
    await must([vitest, ...words], { cwd: tree, env, withinMs: SUITES_WITHIN_MS });
    const { success, numPassedTests, numTotalTests } = JSON.parse(readFileSync(report, 'utf8'));
    expect({ success, failed: numTotalTests - numPassedTests }).toEqual({ success: true, failed: 0 });
    expect(numPassedTests).toBeGreaterThan(LEAST_TESTS);
  },
  SUITES_WITHIN_MS,
);
