import { defineConfig, type ViteUserConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/.cachelab/**', 'reports/runs/**'];

const config: ViteUserConfig = defineConfig({
  test: {
    teardownTimeout: 30_000,
    reporters: ['default', './test/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['{seed,server,sim,lab,scenarios,reports,workshop}/**/*.test.ts'],
          exclude,
        },
      },
      {
        test: {
          name: 'services',
          include: ['test/**/*.test.ts'],
          exclude,
          // One file at a time: they share the servers, and timings on a busy machine say little.
          fileParallelism: false,
          globalSetup: ['test/setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // After the unit tests, which keep every core busy.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

export default config;
