/** The Worker on this machine: wrangler bundles it from its configuration, workerd runs it on a simulated bucket. */
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startFront } from './front.ts';
import { wranglerEnvironment } from './wrangler-environment.ts';

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

export interface LocalWorker {
  /** `http://127.0.0.1:…` */
  readonly address: string;
  readonly port: number;
  stop(): Promise<void>;
}

export async function startLocalWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  const { folder, token, tables, port = 0, inspectorPort } = options;
  // Nobody is asked where this machine is.
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
  Object.assign(process.env, wranglerEnvironment);
  // It reads the environment when it is loaded.
  const { unstable_startWorker } = await import('wrangler');
  const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const variables = {
    BUCKET_NAME: 'lake',
    WAREHOUSE: 'warehouse',
    INGEST_KEYS: JSON.stringify([{ id: 'local', token, tables: [tables] }]),
    CATALOG_TOKENS: JSON.stringify([token]),
    VEND_SECRET: 'a lakehouse of this machine keeps no secrets',
    CREATE_TABLES: 'true',
    PUBLIC_PAGE: 'true',
  };
  const bindings = Object.entries(variables).map(([name, value]) => [name, { type: 'plain_text', value }]);
  const worker = await unstable_startWorker({
    entrypoint: path('src/index.ts'),
    config: path('wrangler.jsonc'),
    bindings: Object.fromEntries(bindings),
    dev: {
      remote: false,
      persist: folder,
      server: { hostname: '127.0.0.1', port: 0 },
      inspector: inspectorPort === undefined ? false : { hostname: '127.0.0.1', port: inspectorPort },
      // A file that changes, or a folder beside the project, would start it anew in the middle of a request.
      watch: false,
      logLevel: 'error',
    },
  });
  await worker.ready;
  const front = await startFront(port, Number((await worker.url).port));
  const { port: usedPort } = front.address() as AddressInfo;
  const stop = async () => {
    front.close();
    front.closeAllConnections();
    await worker.dispose();
  };
  return { address: `http://127.0.0.1:${usedPort}`, port: usedPort, stop };
}
