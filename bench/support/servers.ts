/** Real servers for benchmarks, from the interop suite's kit. */

import { install } from '../../test/support/kit/install.ts';
import { startVersitygw } from '../../test/support/kit/s3-servers.ts';

export interface BenchS3 {
  /** A new warehouse location in the bucket, and how to reach it by PyIceberg's names. */
  target(name: string): { readonly warehouse: string; readonly properties: Readonly<Record<string, string>> };
}

/** Runs `work` with an S3 server on this machine, and stops it. */
export async function withS3<T>(work: (s3: BenchS3) => Promise<T>): Promise<T> {
  await install(['versitygw'], console.error);
  const server = await startVersitygw();
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
