/**
 * One vitest project per test tier, in the order of what they need: unit (any OS, no build), native (the addon, no root),
 * kernel (real tracepoints, root), e2e (real clients, servers and a browser, root). Tests of the last three share one
 * kernel and two small cores, so one file runs at a time. scripts/test.js runs the tiers one after the other;
 * `npx vitest --project unit` works as well.
 */
import { defineConfig } from 'vitest/config';
import { patient } from './test/support/patience.js';

const tier = (name: string, order: number, seconds: number, alone: boolean) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: patient(seconds * 1000),
    hookTimeout: patient(seconds * 1000),
    sequence: { groupOrder: order },
    ...(alone ? { maxWorkers: 1 } : {}),
  },
});

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    allowOnly: false,
    // The guests of the kernel matrix (scripts/lib/kernels) take minutes to transform what is already transformed here.
    experimental: { fsModuleCache: true },
    projects: [
      tier('unit', 0, 60, false),
      tier('native', 1, 60, true),
      tier('kernel', 2, 120, true),
      tier('e2e', 3, 180, true),
    ],
  },
});
