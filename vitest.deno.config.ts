/** Deno and Bun run vitest themselves: one project, the runtime's own conditions. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['icestream-source', 'deno'] } },
  test: {
    name: process.versions['bun'] === undefined ? 'deno' : 'bun',
    include: ['test/portable/**/*.test.ts'],
    setupFiles: ['test/support/fixed-seed.ts'],
    pool: 'forks',
    // As in vitest.config.ts.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
