/** Real clients of S3 on an R2 bucket: the gateway under wrangler, with the bucket that wrangler simulates. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { vendCredentials } from '../../src/server/s3/credentials.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { utf8 } from '../../src/util/encoding.ts';
import { pattern } from '../conformance/store.ts';
import { type RunningGateway, startGateway } from '../support/s3-gateway/start.ts';

const kit = inject('kit');
let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());

async function run(client: 'boto3' | 'pyarrow' | 'duckdb') {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = gateway.access;
  const script = join(import.meta.dirname, 'python/s3_clients.py');
  const words = [client, endpoint, region, bucket, accessKeyId, secretAccessKey];
  return JSON.parse((await promisify(execFile)(kit.python, [script, ...words])).stdout);
}

describe.concurrent('one bucket, reached by', () => {
  it('boto3: objects, conditions, checksums, multipart, copies, lists, presigned URLs, errors', async ({ expect }) => {
    expect(await run('boto3')).toEqual({
      'odd keys': true,
      head: [9, 'text/plain', { name: 'kept' }],
      range: 'a b',
      checksums: {
        CRC32: 'xWFIKA==',
        SHA1: 'xHAynMYk3AlxAutPyHoOz98BMYY=',
        SHA256: 'vKCfSnV9VXHH2fM0HUMB88ORwJCCaswaMBPGvLfAFyI=',
      },
      'packed, accepting identity': [true, true, 'gzip', true],
      'packed, accepting gzip': [true, true, 'gzip', true],
      'create again': 'PreconditionFailed',
      'replace stale': 'PreconditionFailed',
      large: true,
      'large at once': true,
      copies: [true, 'boto3/a+b'],
      'open uploads': [['boto3/open'], [[2, 100]]],
      'left open': [],
      'part of no upload': 'NoSuchUpload',
      folders: true,
      pages: true,
      'presigned get': 'boto3/a+b',
      'presigned put': 'by url',
      deleted: [true, []],
      left: 0,
      buckets: ['lake'],
      location: 'auto',
      errors: {
        'no key': 'NoSuchKey',
        'no bucket': 'NoSuchBucket',
        'wrong secret': 'SignatureDoesNotMatch',
        'unknown key': 'InvalidAccessKeyId',
        tags: 'NotImplemented',
        dots: 'SignatureDoesNotMatch',
      },
    });
  });

  it('PyArrow: Parquet, streams in parts, copies, moves, folders', async ({ expect }) => {
    expect(await run('pyarrow')).toEqual({
      rows: true,
      large: true,
      files: ['/pyarrow/day=1 + 2/rows.parquet', '/pyarrow/large', '/pyarrow/moved'],
      gone: true,
    });
  });

  it('DuckDB: partitioned and large Parquet files, globs', async ({ expect }) => {
    expect(await run('duckdb')).toEqual({
      partitions: [
        [0, 100000, 14999850000],
        [1, 100000, 14999950000],
        [2, 100000, 15000050000],
      ],
      large: 900000,
      files: [0, 1, 2].map((part) => `/by part/part=${part}/data_0.parquet`).concat('/large.parquet'),
    });
  });

  it('Iceberg’s S3FileIO: a file in parts, read back from the middle, listed, deleted', async ({ expect }) => {
    const { endpoint, bucket, accessKeyId, secretAccessKey } = gateway.access;
    const source = join(import.meta.dirname, 'java/UseS3FileIo.java');
    const words = [endpoint, `s3://${bucket}/java`, accessKeyId, secretAccessKey];
    const java = ['-Xmx384m', '-cp', join(kit.javaReader, 'lib', '*'), source, ...words];
    const { stdout } = await promisify(execFile)('java', java, { env: { ...process.env, AWS_REGION: 'us-east-1' } });
    expect(JSON.parse(stdout)).toEqual({ length: 12582912, same: true, listed: ['large', 'small +%20'], left: 0 });
  });

  it('temporary credentials, in the prefix that they were vended for', async ({ expect }) => {
    const { endpoint, bucket } = gateway.access;
    const expiresAtMs = Date.now() + 60_000;
    const vended = { bucket, prefix: 'vended/mine/', mode: 'read-write', expiresAtMs } as const;
    const store = new S3Store({
      endpoint,
      region: 'auto',
      credentials: vendCredentials(gateway.vendingSecret, vended),
    });
    const upload = await store.openUpload(`s3://${bucket}/vended/mine/x`, { partSizeBytes: 5 << 20 });
    await upload.write(pattern(6 << 20));
    await upload.finish();
    expect(await store.stat(`s3://${bucket}/vended/mine/x`)).toMatchObject({ sizeBytes: 6 << 20 });
    const elsewhere = store.put(`s3://${bucket}/vended/other`, utf8('x'));
    await expect(elsewhere).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
