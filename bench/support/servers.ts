/** Real servers for benchmarks, from the interop suite's kit. */

import { install } from '../../test/support/kit/install.ts';
import { startMinio } from '../../test/support/kit/s3-servers.ts';

export interface BenchS3 {
  /** A new warehouse location in the bucket, and how to reach it by PyIceberg's names. */
  target(name: string): { readonly warehouse: string; readonly properties: Readonly<Record<string, string>> };
}

/**
 * Runs `work` with an S3 server on this machine, and stops it: MinIO, which keeps connections open as S3 does
 * (versitygw's way to do that loses its place after bodies with trailers, as PyArrow sends them).
 */
export async function withS3<T>(work: (s3: BenchS3) => Promise<T>): Promise<T> {
  await install(['minio'], console.error);
  const server = await startMinio();
  try {
    const { endpoint, region, accessKeyId, secretAccessKey, bucket } = server.access;
    const properties = {
      's3.endpoint': endpoint,
      's3.region': region,
      's3.access-key-id': accessKeyId,
      's3.secret-access-key': secretAccessKey,
      's3.path-style-access': 'true',
    };
    return await work({ target: (name) => ({ properties, warehouse: `s3://${bucket}/${name}` }) });
  } finally {
    await server.stop();
  }
}
