/**
 * Real servers and engines: `npm run test:interop`. They are installed once and started for each run. Deno and Bun run
 * the tests of the stores by this configuration too.
 */
import { defineConfig } from 'vitest/config';

const { deno, bun } = process.versions;
const runtime = deno !== undefined ? 'deno' : bun !== undefined ? 'bun' : 'node';

export default defineConfig({
  ssr: { resolve: { conditions: ['icestream-source', runtime] } },
  test: {
    name: runtime === 'node' ? 'interop' : `interop-${runtime}`,
    include: ['test/interop/**/*.test.ts'],
    globalSetup: ['test/support/kit/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
