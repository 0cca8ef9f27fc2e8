/**
 * One vitest project per test tier. Kernel tests compare every event and share two small cores, so one file runs at a time: two at
 * once leave no processor free, and then this kernel hides closes (docs/decisions/hidden-tasks.md). End-to-end tests allow for what
 * the service says that it missed, and mostly wait: two files at a time; of the scenes one only waits: two. scripts/test.js runs
 * the tiers one after the other (scripts/lib/tiers.js); `npx vitest --project unit` works as well.
 */
import { defineConfig } from 'vitest/config';
import { patient } from './test/support/patience.js';

/** A kernel test in a tier of its own: it builds everything anew with the sanitizers. */
const SANITIZED = ['test/kernel/sanitized.test.ts'];
const e2e = (name: string) => `test/e2e/${name}.test.ts`;
/** End-to-end tests in a tier of their own: they wait for a browser, a build or a slow reader, and compare no counts under load. */
const SCREENS = ['build', 'dashboard', 'output', 'setup'].map(e2e);
/** What somebody does in an incident, from its first sight to its fix, in a browser and a terminal. */
const OPERATOR = ['dashboard-*', 'demo', 'diagnose', 'incident-rows', 'live-screen', 'wider-range'].map(e2e);

/** Those that bring loops of their own, when the whole tier runs beside some: test/faults/load.ts. */
const LOADED = ['together', 'busy-machine', 'hostile-peers', 'hostile-page'].map(
  (name) => `test/faults/${name}.test.ts`,
);

interface Project {
  name: string;
  /** Runs before all of its files. */
  before?: string;
  include: string[];
  exclude?: string[];
  seconds: number;
  /** Files at a time; of two processors vitest leaves one to itself otherwise. */
  workers: 1 | 2;
  /** Files share a process and its modules, which saves the time of importing them: none of them leaves anything behind. */
  isolate?: boolean;
}

/** Cases of `describe.concurrent` at a time: they wait for the kernel's timeouts, and hardly need a processor. */
const WAITING = 8;

const PROJECTS: readonly Project[] = [
  { name: 'unit', include: ['test/unit/**/*.test.ts'], seconds: 240, workers: 2, isolate: false },
  { name: 'native', include: ['test/native/**/*.test.ts'], seconds: 60, workers: 2 },
  {
    name: 'kernel',
    include: ['test/kernel/*.test.ts'],
    exclude: SANITIZED,
    seconds: 120,
    workers: 1,
    isolate: false,
  },
  { name: 'screens', include: SCREENS, seconds: 240, workers: 1, isolate: false },
  { name: 'operator', include: OPERATOR, seconds: 240, workers: 2, isolate: false },
  {
    name: 'e2e',
    include: ['test/e2e/*.test.ts'],
    exclude: [...SCREENS, ...OPERATOR],
    seconds: 180,
    workers: 2,
    isolate: false,
  },
  { name: 'containers', include: ['test/containers/*.test.ts'], seconds: 180, workers: 1 },
  {
    name: 'image',
    before: 'test/packages/image/build.ts',
    include: ['test/packages/image/*.test.ts'],
    seconds: 300,
    workers: 1,
  },
  { name: 'fixes', include: ['test/fixes/*.test.ts'], seconds: 120, workers: 1, isolate: false },
  { name: 'scenes', include: ['test/scenes/*.test.ts'], seconds: 240, workers: 2 },
  { name: 'sanitized', include: SANITIZED, seconds: 300, workers: 1 },
  {
    name: 'faults',
    before: 'test/faults/load.ts',
    include: ['test/faults/*.test.ts'],
    exclude: process.env.FAULTS_LOOPS ? LOADED : [],
    seconds: 300,
    workers: 1,
  },
  {
    name: 'load',
    before: 'test/faults/load.ts',
    include: ['test/load/**/*.test.ts'],
    seconds: 300,
    workers: 1,
  },
  {
    name: 'packages',
    before: 'test/packages/build.ts',
    include: ['test/packages/*.test.ts'],
    seconds: 300,
    workers: 1,
  },
  {
    name: 'systems',
    before: 'test/packages/systems/build.ts',
    include: ['test/packages/systems/*.test.ts'],
    seconds: 600,
    workers: 1,
  },
];

/** No two projects overlap: each begins when the one before it has ended. */
const project = (
  { name, before, include, exclude = [], seconds, workers, isolate = true }: Project,
  order: number,
) => ({
  extends: true as const,
  test: {
    name,
    globalSetup: before === undefined ? [] : [before],
    include,
    exclude,
    isolate,
    testTimeout: patient(seconds * 1000),
    hookTimeout: patient(seconds * 1000),
    sequence: { groupOrder: order },
    maxConcurrency: WAITING,
    maxWorkers: workers,
  },
});

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    allowOnly: false,
    // The guests of the kernel matrix (scripts/lib/kernels) take minutes to transform what is already transformed here.
    experimental: { fsModuleCache: true },
    projects: PROJECTS.map(project),
  },
});
