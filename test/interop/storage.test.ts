import { describe, expect, inject, it } from 'vitest';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { utf8 } from '../../src/util/encoding.ts';
import { uuidV4 } from '../../src/util/uuid.ts';
import { defaultWorld } from '../../src/util/world.ts';
import { storeConformance } from '../conformance/store.ts';
import type { S3Access } from '../support/kit/s3-servers.ts';
import { openUploads } from '../support/s3-open-uploads.ts';

const servers: ReadonlyArray<readonly [string, S3Access]> = [
  ['versitygw', inject('kit').versitygw],
  ['MinIO', inject('kit').minio],
];

for (const [name, access] of servers) {
  const { endpoint, region, bucket, ...credentials } = access;
  const options = { endpoint, region, credentials };

  for (const [scheme, payload] of [
    ['s3', 'signed'],
    ['s3a', 'unsigned'],
  ] as const) {
    storeConformance(`${name}, ${scheme}, ${payload} payloads`, async () => {
      const place = `conformance/${uuidV4(defaultWorld)}`;
      return {
        store: new S3Store({ ...options, payload }),
        base: `${scheme}://${bucket}/${place}`,
        foreign: 'memory://elsewhere/x',
        unfinished: () => openUploads(access, place),
      };
    });
  }

  describe(name, () => {
    it('a wrong secret is UNAUTHENTICATED and is not in the message', async () => {
      const secretAccessKey = 'canary-secret-5417';
      const store = new S3Store({ ...options, credentials: { ...credentials, secretAccessKey } });
      const error = await store.put(`s3://${bucket}/x`, utf8('x')).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'UNAUTHENTICATED', retryable: false });
      expect(String(error)).not.toContain('canary');
      expect(String(error)).not.toContain(credentials.accessKeyId);
    });

    it('no credentials are FORBIDDEN', async () => {
      const store = new S3Store({ endpoint, region });
      await expect(store.read(`s3://${bucket}/x`)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    });

    it('a wrong bucket is NOT_FOUND, by name', async () => {
      const store = new S3Store(options);
      const missing = { code: 'NOT_FOUND', message: /no bucket "not-there"/ };
      await expect(store.put('s3://not-there/x', utf8('x'))).rejects.toMatchObject(missing);
      await expect(store.read('s3://not-there/x')).rejects.toMatchObject(missing);
      await expect(store.list('s3://not-there/')[Symbol.asyncIterator]().next()).rejects.toMatchObject(missing);
      const upload = await store.openUpload('s3://not-there/x', { partSizeBytes: 5 << 20 });
      await expect(upload.write(new Uint8Array(6 << 20))).rejects.toMatchObject(missing);
      expect(await upload.abort()).toMatchObject({ leftBehind: [] });
    });

    it('a wrong region is said', async () => {
      const store = new S3Store({ ...options, region: 'eu-north-1' });
      await expect(store.put(`s3://${bucket}/x`, utf8('x'))).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: /region/,
      });
    });

    it.each([-3_600_000, 7_200_000])('a clock that is off by %d ms is corrected', async (offMs) => {
      const world = { ...defaultWorld, now: () => Date.now() + offMs };
      const store = new S3Store({ ...options, world });
      await store.put(`s3://${bucket}/clock`, utf8('x'));
      expect(await new S3Store({ ...options, world }).stat(`s3://${bucket}/clock`)).toMatchObject({ sizeBytes: 1 });
    });

    it('lists over many pages, and deletes a thousand objects a request', async () => {
      let requests = 0;
      const world = {
        ...defaultWorld,
        fetch: (request: Request) => {
          requests++;
          return fetch(request);
        },
      };
      const store = new S3Store({ ...options, world });
      const base = `s3://${bucket}/pages/${uuidV4(defaultWorld)}`;
      const locations = Array.from({ length: 1100 }, (_, i) => `${base}/${String(i).padStart(5, '0')} +`);
      for (let i = 0; i < locations.length; i += 50) {
        await Promise.all(locations.slice(i, i + 50).map((location) => store.put(location, utf8('x'))));
      }
      const found: string[] = [];
      for await (const { location } of store.list(`${base}/`)) found.push(location);
      expect(found).toEqual(locations);
      requests = 0;
      expect(await store.delete(locations)).toEqual({ failed: [] });
      expect(requests).toBe(2);
      expect(await store.list(`${base}/`)[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    });
  });
}
