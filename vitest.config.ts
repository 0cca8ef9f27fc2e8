/**
 * One vitest project per test tier, or two: most kernel and e2e tests have network namespaces of their own and wait most of
 * the time, so two of their files run at once; the others need the machine alone. Pages of e2e show the verdict, which is the
 * whole machine's, so e2e files still run one after the other. scripts/test.js runs the
 * tiers one after the other (scripts/lib/tiers.js); `npx vitest --project unit` works as well.
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

/** The same of the e2e tier. */
const E2E_ALONE = {
  errors: 'uses the default port',
  faults: 'stops the service, takes its descriptors, starts thousands of processes',
  lifecycle: 'kills the service, and checks that nothing of it is left',
  privileges: 'lists the capabilities of every thread',
  setup: 'builds in a tree of its own, and starts the service on the default port',
  systemd: 'talks to a service manager',
  top: 'attaches to the service on the default port',
};

/** A kernel tier of its own: it builds everything anew with the sanitizers. */
const SANITIZED = 'sanitized';

const pathsOf = (tier: string, files: object) =>
  Object.keys(files).map((file) => `test/${tier}/${file}.test.ts`);

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
    exclude: pathsOf('kernel', { ...KERNEL_ALONE, [SANITIZED]: '' }),
    seconds: 180,
    workers: 2,
  },
  { name: 'kernel-alone', include: pathsOf('kernel', KERNEL_ALONE), seconds: 120, workers: 1 },
  {
    name: 'e2e',
    include: ['test/e2e/*.test.ts'],
    exclude: pathsOf('e2e', E2E_ALONE),
    seconds: 240,
    workers: 1,
  },
  { name: 'e2e-alone', include: pathsOf('e2e', E2E_ALONE), seconds: 180, workers: 1 },
  { name: 'sanitized', include: pathsOf('kernel', { [SANITIZED]: '' }), seconds: 300, workers: 1 },
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
