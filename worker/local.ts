/** The Worker on this machine: wrangler bundles it from its configuration, workerd runs it on a simulated bucket. */
import { fileURLToPath } from 'node:url';
import type { Unstable_DevWorker } from 'wrangler';

export interface LocalWorkerOptions {
  /** Keeps the bucket and the catalog. */
  readonly folder: string;
  /** For loads and for the catalog. */
  readonly token: string;
  /** What may be loaded, as `demo.*`. */
  readonly tables: string;
  /** Default: any that is free. */
  readonly port?: number;
  /** Where V8's inspector listens. Default: there is none. */
  readonly inspectorPort?: number;
}

/** The source is run as it stands, not what is built of it. */
export async function startLocalWorker(options: LocalWorkerOptions): Promise<Unstable_DevWorker> {
  const { folder, token, tables, port, inspectorPort } = options;
  process.env['WRANGLER_SEND_METRICS'] = 'false';
  process.env['WRANGLER_BUILD_CONDITIONS'] = 'icestream-source,workerd,worker,browser';
  // It reads the environment when it is loaded.
  const { unstable_dev } = await import('wrangler');
  const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  return unstable_dev(path('src/index.ts'), {
    config: path('wrangler.jsonc'),
    local: true,
    persist: true,
    persistTo: folder,
    ...(port !== undefined && { port }),
    ...(inspectorPort !== undefined && { inspect: true, inspectorPort }),
    vars: {
      BUCKET_NAME: 'lake',
      WAREHOUSE: 'warehouse',
      INGEST_KEYS: JSON.stringify([{ id: 'local', token, tables: [tables] }]),
      CATALOG_TOKENS: JSON.stringify([token]),
      VEND_SECRET: 'a lakehouse of this machine keeps no secrets',
      CREATE_TABLES: 'true',
      PUBLIC_PAGE: 'true',
    },
    logLevel: 'error',
    // A file that changes would start it anew in the middle of a request.
    experimental: { disableExperimentalWarning: true, watch: false },
  });
}
