/**
 * Two projects: `unit` runs the sources as they are, `e2e` runs the built program (its global set-up builds it).
 * `npm test` is both; neither needs a privilege, a network beyond loopback, or anything installed but `npm ci`.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // No test asserts a time; the limit only ends one that hangs, also on a busy machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**', 'test/image/**'] },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
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
