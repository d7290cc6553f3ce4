/** Real servers and engines: `npm run test:interop`. They are installed once and started for each run. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['icestream-source', 'node'] } },
  test: {
    name: 'interop',
    include: ['test/interop/**/*.test.ts'],
    globalSetup: ['test/support/kit/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
