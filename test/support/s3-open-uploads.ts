/** What multipart uploads are open on a real server, asked without the code under test. */
import { AwsClient } from 'aws4fetch';
import type { S3Access } from './kit/s3-servers.ts';

/** Keys of open uploads under `prefix`. All are listed and then chosen: MinIO finds none by a part of the key. */
export async function openUploads(access: S3Access, prefix: string): Promise<readonly string[]> {
  const { endpoint, bucket, ...keys } = access;
  const client = new AwsClient({ ...keys, service: 's3', retries: 0 });
  const response = await client.fetch(`${endpoint}/${bucket}?uploads=`);
  const body = await response.text();
  if (!response.ok) throw new Error(`no list of uploads: ${response.status} ${body}`);
  return [...body.matchAll(/<Upload>.*?<Key>([^<]*)<\/Key>/gs)]
    .map((match) => match[1] ?? '')
    .filter((key) => key.startsWith(prefix));
}
