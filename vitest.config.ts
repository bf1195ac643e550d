import { defineConfig, type ViteUserConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/.cachelab/**', 'reports/runs/**'];

/** Needs the servers and programs that the setup starts and finds. */
const withServices = {
  exclude,
  globalSetup: ['test/setup.ts'],
  testTimeout: 120_000, // a trial of 20 s may be made twice on a busy machine
  hookTimeout: 120_000,
};

const config: ViteUserConfig = defineConfig({
  test: {
    teardownTimeout: 30_000,
    reporters: ['default', './test/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
          include: ['{seed,server,sim,lab,scenarios,reports,workshop}/**/*.test.ts'],
          exclude,
        },
      },
      {
        test: {
          ...withServices,
          name: 'services',
          include: ['test/*.test.ts'],
          // One file at a time: they share the servers, and timings on a busy machine say little.
          fileParallelism: false,
          // After the unit tests, which keep every core busy.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...withServices,
          name: 'commands',
          include: ['test/commands/*.test.ts'],
          // Each in a copy of the checkout: what they wait for is the start of programs.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

export default config;
