/** Starts the gateway as wrangler runs it: bundled, in workerd, on a simulated bucket of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unstable_dev } from 'wrangler';
import { wranglerEnvironment } from '../../../worker/wrangler-environment.ts';
import type { S3Access } from '../kit/s3-servers.ts';

export interface RunningGateway {
  readonly access: S3Access;
  /** What `vendCredentials` vends with. */
  readonly vendingSecret: string;
  stop(): Promise<void>;
}

export async function startGateway(): Promise<RunningGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'icestream-gateway-'));
  const secretAccessKey = 'the secret of the gateway';
  const vendingSecret = 'what credentials are vended with here';
  const config = join(folder, 'wrangler.json');
  const bucket = { binding: 'BUCKET', bucket_name: 'lake' };
  await writeFile(config, JSON.stringify({ name: 'gateway', compatibility_date: '2026-08-01', r2_buckets: [bucket] }));
  Object.assign(process.env, wranglerEnvironment);
  const running = await unstable_dev(join(import.meta.dirname, 'worker.ts'), {
    config,
    local: true,
    persist: true,
    persistTo: folder,
    vars: { SECRET_ACCESS_KEY: secretAccessKey, VENDING_SECRET: vendingSecret },
    experimental: { disableExperimentalWarning: true },
    logLevel: 'error',
  });
  const access = {
    endpoint: `http://${running.address}:${running.port}`,
    region: 'us-east-1',
    bucket: 'lake',
    accessKeyId: 'gateway',
    secretAccessKey,
  };
  const stop = async () => {
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { access, vendingSecret, stop };
}
