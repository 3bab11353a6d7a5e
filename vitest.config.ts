/**
 * Two projects: `unit` runs the sources as they are, `e2e` runs the built program (its global set-up builds it).
 * `npm test` is both; neither needs a privilege, a network beyond loopback, or anything installed but `npm ci`.
 */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** What works on a real engine where there is one. */
const ON_ENGINES = ['test/engine/{docker,swarm}/**/*.test.ts', 'test/contract/**/*.test.ts'];
const ON_ENGINES_E2E = ['test/e2e/{docker,swarm}.test.ts'];

/** `engines`: those alone, one file after the other; `rest`: all but those; not set: all (`.ci/run` does both). */
const part = process.env['EVENKEEL_TESTS'];
const engines = part === 'engines';
const rest = part === 'rest';

export default defineConfig({
  test: {
    // No test asserts a time; the limit only ends one that hangs, also on a busy machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    fileParallelism: !engines,
    // Much of the time is waiting, for processes and sockets: also two processors take two files at once.
    maxWorkers: engines ? 1 : Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: engines ? ON_ENGINES : ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/image/**', ...(rest ? ON_ENGINES : [])],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: engines ? ON_ENGINES_E2E : ['test/e2e/**/*.test.ts'],
          exclude: rest ? ON_ENGINES_E2E : [],
          globalSetup: ['test/support/build.ts'],
          testTimeout: 120_000,
        },
      },
      // Only by `npm run test:image`: it needs a Docker engine and takes minutes.
      ...(process.env['EVENKEEL_IMAGE'] === undefined
        ? []
        : [{ extends: true as const, test: { name: 'image', include: ['test/image/**/*.test.ts'] } }]),
    ],
  },
});
