/**
 * One vitest project per test tier; the kernel tier has two. Most kernel tests have network namespaces of their own and wait
 * most of the time, so two of their files run at once; the others need the machine alone. A file of e2e runs alone: a page
 * shows the verdict, which is the whole machine's. scripts/test.js runs the tiers one after the other (scripts/lib/tiers.js);
 * `npx vitest --project unit` works as well.
 */
import { defineConfig } from 'vitest/config';
import { patient } from './test/support/patience.js';

/** Files of the kernel tier that need the machine alone, each with the reason. */
const KERNEL_ALONE = {
  budget: 'compares how long audits take',
  'budget-forecast': 'compares a forecast with the second at which the ports run out',
  clock: 'sets the clock',
  degraded: 'attaches nothing, and checks that nothing is attached',
  'failure-overload': 'fills the ring',
  generator: 'measures the pace of the generator',
  overload: 'fills the ring',
  surfaces: 'asks what this kernel offers to all programs at once',
  tracer: 'checks that nothing of the tracer is left in the kernel',
  'truth-loss': 'fills the ring',
  verdicts: 'compares thousands of closes event by event, which other load may hide',
};

/** A kernel tier of its own: it builds everything anew with the sanitizers. */
const SANITIZED = 'sanitized';

const kernelPaths = (files: object) => Object.keys(files).map((file) => `test/kernel/${file}.test.ts`);

interface Project {
  name: string;
  include: string[];
  exclude?: string[];
  seconds: number;
  /** Files at once. */
  workers?: number;
}

const PROJECTS: readonly Project[] = [
  { name: 'unit', include: ['test/unit/**/*.test.ts'], seconds: 120 },
  { name: 'native', include: ['test/native/**/*.test.ts'], seconds: 60, workers: 1 },
  {
    name: 'kernel',
    include: ['test/kernel/*.test.ts'],
    exclude: kernelPaths({ ...KERNEL_ALONE, [SANITIZED]: '' }),
    seconds: 180,
    workers: 2,
  },
  { name: 'kernel-alone', include: kernelPaths(KERNEL_ALONE), seconds: 120, workers: 1 },
  { name: 'e2e', include: ['test/e2e/*.test.ts'], seconds: 180, workers: 1 },
  { name: 'sanitized', include: kernelPaths({ [SANITIZED]: '' }), seconds: 300, workers: 1 },
  { name: 'load', include: ['test/load/**/*.test.ts'], seconds: 300, workers: 1 },
];

/** No two projects overlap: each begins when the one before it has ended. */
const project = ({ name, include, exclude = [], seconds, workers }: Project, order: number) => ({
  extends: true as const,
  test: {
    name,
    include,
    exclude,
    testTimeout: patient(seconds * 1000),
    hookTimeout: patient(seconds * 1000),
    sequence: { groupOrder: order },
    ...(workers === undefined ? {} : { maxWorkers: workers }),
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
