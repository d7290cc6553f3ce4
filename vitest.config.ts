import { cloudflareTest } from '@cloudflare/vitest-pool-workers';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

const portable = ['test/portable/**/*.test.ts'];
const setupFiles = ['test/support/fixed-seed.ts'];
/** For a machine of one core that does something else too. */
const timeouts = { testTimeout: 60_000, hookTimeout: 60_000 };
const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** The source is tested as it stands: `icestream-source` chooses `src/` over `dist/` in package.json. */
const conditions = (...runtime: string[]) => ['icestream-source', ...runtime];

export default defineConfig({
  test: {
    projects: [
      {
        ssr: { resolve: { conditions: conditions('node') } },
        test: { name: 'node', setupFiles, include: [...portable, 'test/node/**/*.test.ts'], ...timeouts },
      },
      {
        resolve: { conditions: conditions('browser') },
        test: {
          name: 'chromium',
          setupFiles,
          include: [...portable, 'test/browser/**/*.test.ts'],
          ...timeouts,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: chromiumArgs },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: 'test/workerd/worker.ts',
            miniflare: {
              compatibilityDate: '2026-08-01',
              modulesRules: [{ type: 'CompiledWasm', include: ['**/*.wasm', '**/*.wasm?module'] }],
              r2Buckets: ['BUCKET'],
              durableObjects: { CATALOG: { className: 'CatalogObject', useSQLite: true } },
            },
          }),
        ],
        resolve: { conditions: conditions('workerd', 'worker') },
        ssr: { resolve: { conditions: conditions('workerd', 'worker') } },
        test: { name: 'workerd', setupFiles, include: [...portable, 'test/workerd/**/*.test.ts'], ...timeouts },
      },
    ],
  },
});
