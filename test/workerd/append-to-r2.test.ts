import { env } from 'cloudflare:workers';
import { R2Store } from 'icestream/storage/r2';
import { test } from 'vitest';
import { appendsAndReadsBack } from '../conformance/lakehouse.ts';

test('a Worker keeps a lakehouse in a bucket, over its binding alone', () =>
  appendsAndReadsBack(new R2Store({ binding: env.BUCKET, bucket: 'lake' }), 's3://lake/house'));
