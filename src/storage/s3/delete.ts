/** Deleting many objects: a thousand a request, or one by one where a server has no batches. */
import { toBase64, utf8 } from '../../util/encoding.ts';
import type { S3Client } from './client.ts';
import { S3Error } from './errors.ts';
import type { S3Location } from './location.ts';
import { childrenOf, childText, escapeXml, parseXml } from './xml.ts';

const BATCH = 1000;

/** Locations that could not be removed. */
export async function deleteObjects(
  client: S3Client,
  objects: readonly S3Location[],
  signal?: AbortSignal,
): Promise<string[]> {
  const failed: string[] = [];
  for (const [, inBucket] of Map.groupBy(objects, (object) => object.bucket)) {
    for (let i = 0; i < inBucket.length; i += BATCH) {
      failed.push(...(await deleteBatch(client, inBucket.slice(i, i + BATCH), signal)));
    }
  }
  return failed;
}

async function deleteBatch(
  client: S3Client,
  objects: readonly S3Location[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const [first] = objects;
  if (first === undefined) return [];
  if (objects.length === 1) return (await deleteOne(client, first, signal)) ? [] : [first.location];
  try {
    return await sendBatch(client, first, objects, signal);
  } catch (error) {
    signal?.throwIfAborted();
    const final = error instanceof S3Error && ['FORBIDDEN', 'UNAUTHENTICATED', 'UNAVAILABLE'].includes(error.code);
    if (final) return objects.map((object) => object.location);
  }
  const failed: string[] = [];
  for (const object of objects) if (!(await deleteOne(client, object, signal))) failed.push(object.location);
  return failed;
}

async function sendBatch(
  client: S3Client,
  first: S3Location,
  objects: readonly S3Location[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const list = objects.map(({ key }) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join('');
  const body = utf8(`<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${list}</Delete>`);
  const call = {
    method: 'POST',
    location: `s3://${first.bucket}/`,
    bucket: first.bucket,
    key: null,
    query: { delete: '' },
    headers: { 'content-type': 'application/xml', 'x-amz-checksum-sha256': toBase64(await client.sha256(body)) },
    body,
    signerSeesBody: true,
    ...(signal ? { signal } : {}),
  } as const;
  const failedKeys = await client.send(call, async (response) => {
    const errors = childrenOf(parseXml((await response.text()).trim()), 'Error');
    return new Set(
      errors.filter((error) => childText(error, 'Code') !== 'NoSuchKey').map((error) => childText(error, 'Key')),
    );
  });
  return objects.filter(({ key }) => failedKeys.has(key)).map((object) => object.location);
}

async function deleteOne(client: S3Client, object: S3Location, signal: AbortSignal | undefined): Promise<boolean> {
  const call = { method: 'DELETE', ...object, expected: [404], ...(signal ? { signal } : {}) } as const;
  try {
    return await client.send(call, async (response) => {
      await response.arrayBuffer();
      return true;
    });
  } catch {
    signal?.throwIfAborted();
    return false;
  }
}
