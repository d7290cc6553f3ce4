/** Two S3 servers that check signatures and preconditions as AWS does, and differ where AWS leaves room. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { paths } from './home.ts';
import { freePort, type RunningServer, startServer } from './server.ts';

/** How to reach a bucket that exists. */
export interface S3Access {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
}

export interface S3Server extends RunningServer {
  readonly access: S3Access;
}

const REGION = 'us-east-1';
const KEY = 'kitadmin';
const SECRET = 'kitsecret123';
const BUCKET = 'kit';

export async function startVersitygw(): Promise<S3Server> {
  const data = dataFolder('versitygw');
  mkdirSync(join(data, 'root'));
  mkdirSync(join(data, 'iam'));
  const port = await freePort();
  return withBucket(
    data,
    await startServer({
      name: 'versitygw',
      port,
      command: paths.versitygw(),
      args: [
        ...['--port', `127.0.0.1:${port}`, '--region', REGION, '--iam-dir', join(data, 'iam')],
        ...['--cors-allow-origin', '*', '--quiet', 'posix', join(data, 'root')],
      ],
      env: { ROOT_ACCESS_KEY: KEY, ROOT_SECRET_KEY: SECRET },
      healthPath: '/',
    }),
  );
}

export async function startMinio(): Promise<S3Server> {
  const data = dataFolder('minio');
  const port = await freePort();
  return withBucket(
    data,
    await startServer({
      name: 'minio',
      port,
      command: paths.minio(),
      args: ['server', '--quiet', '--address', `127.0.0.1:${port}`, data],
      env: {
        MINIO_ROOT_USER: KEY,
        MINIO_ROOT_PASSWORD: SECRET,
        MINIO_REGION: REGION,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
        MINIO_CALLHOME_ENABLE: 'off',
      },
      healthPath: '/minio/health/live',
    }),
  );
}

/** Beside the kit and not in the system's temporary folder: versitygw keeps metadata in extended attributes. */
function dataFolder(name: string): string {
  mkdirSync(paths.run(), { recursive: true });
  return mkdtempSync(join(paths.run(), `${name}-${process.pid}-`));
}

async function withBucket(data: string, server: RunningServer): Promise<S3Server> {
  const stop = async () => {
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await createBucket(server.url, BUCKET);
  } catch (error) {
    await stop();
    throw error;
  }
  const access = { endpoint: server.url, region: REGION, accessKeyId: KEY, secretAccessKey: SECRET, bucket: BUCKET };
  return { ...server, access, stop };
}

async function createBucket(endpoint: string, bucket: string): Promise<void> {
  const client = new AwsClient({
    accessKeyId: KEY,
    secretAccessKey: SECRET,
    region: REGION,
    service: 's3',
    retries: 0,
  });
  for (let tries = 1; ; tries++) {
    const response = await client.fetch(`${endpoint}/${bucket}`, { method: 'PUT' });
    const body = await response.text();
    if (response.ok) return;
    // a server that has just begun may not be ready to write yet
    if (response.status < 500 || tries > 50) throw new Error(`no bucket ${bucket}: ${response.status} ${body}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
