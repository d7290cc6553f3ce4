import { describe, expect, it, vi } from 'vitest';
import { S3Store } from '../../../src/storage/s3/s3-store.ts';
import { utf8 } from '../../../src/util/encoding.ts';
import { Semaphore } from '../../../src/util/semaphore.ts';
import { defaultWorld } from '../../../src/util/world.ts';
import { FakeS3, xmlError } from '../../support/fake-s3.ts';

const MIB = 1 << 20;
const PART = { partSizeBytes: 5 * MIB };
const location = 's3://bucket/data/x';
const path = 'bucket/data/x';
const create = { condition: { ifNoneMatch: '*' } } as const;

function setup() {
  const fake = new FakeS3();
  const credentials = { accessKeyId: 'canary-id', secretAccessKey: 'canary-secret', sessionToken: 'canary-token' };
  const options = { endpoint: 'http://s3.test', credentials, world: fake.world() };
  return { fake, options, store: new S3Store(options) };
}
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

/** Called by each request: the first `count` go on when all of them have come, and more have time to come beside them. */
function gathering(count: number): () => Promise<void> {
  const all = Promise.withResolvers<void>();
  let come = 0;
  return async () => {
    if (++come === count) all.resolve();
    await all.promise;
    await defaultWorld.sleep(2);
  };
}

describe('a put whose answer is lost', () => {
  it('is sent again, and on condition of being new finds its own object', async () => {
    const { fake, store } = setup();
    fake.fault = ({ method, attempt }) => (method === 'PUT' && attempt === 1 ? 'lost' : null);
    const result = await store.put(location, utf8('mine'), create);
    expect(result.etag).toBe(fake.objects.get(path)?.etag);
    expect(fake.requests.map((request) => request.method)).toEqual(['PUT', 'PUT', 'GET']);
  });

  it('knows the object of another, even with the same bytes', async () => {
    const { fake, store } = setup();
    await store.put(location, utf8('same'), create);
    fake.fault = ({ method, attempt }) => (method === 'PUT' && attempt === 2 ? 'down' : null);
    await expect(store.put(location, utf8('same'), create)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  });

  it('compares the bytes where the token is hidden', async () => {
    const { fake, store } = setup();
    fake.change = (response) => {
      const headers = new Headers(response.headers);
      headers.delete('x-amz-meta-icestream-put');
      return new Response(response.body, { status: response.status, headers });
    };
    fake.fault = ({ method, attempt }) => (method === 'PUT' && attempt === 1 ? 'lost' : null);
    await store.put(location, utf8('mine'), create);
    expect(text(fake.objects.get(path)?.bytes)).toBe('mine');
  });

  it('replaced by its own first attempt, an if-match put succeeds', async () => {
    const { fake, store } = setup();
    const { etag } = await store.put(location, utf8('old'));
    fake.fault = ({ headers, method, attempt }) =>
      method === 'PUT' && headers.has('if-match') && attempt === 2 ? 'lost' : null;
    await store.put(location, utf8('new'), { condition: { ifMatch: etag ?? '' } });
    expect(text(fake.objects.get(path)?.bytes)).toBe('new');
  });
});

describe('a put that fails', () => {
  it.each([
    ['refused', 403, true],
    ['lost on its way back', 'lost', false],
    ['answered with an error that may hide a success', 500, false],
  ] as const)('because it was %s says whether it was surely not stored', async (_, how, surelyNot) => {
    const { fake, store } = setup();
    fake.fault = () => (how === 'lost' ? how : xmlError(how, 'AccessDenied'));
    let said = false;
    const onNotStored = () => {
      said = true;
    };
    await expect(store.put(location, utf8('x'), { onNotStored })).rejects.toThrow();
    expect(said).toBe(surelyNot);
  });
});

describe('retries', () => {
  it('wait as long as the server asks', async () => {
    const { fake, store } = setup();
    fake.fault = ({ attempt }) => (attempt === 1 ? xmlError(503, 'SlowDown', '', { 'retry-after': '7' }) : null);
    await store.put(location, utf8('x'));
    expect(fake.slept).toEqual([7000]);
  });

  it('end with UNAVAILABLE, naming host and object', async () => {
    const { fake, store } = setup();
    fake.fault = () => 'down';
    await expect(store.put(location, utf8('x'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      message: /s3\.test.*s3:\/\/bucket\/data\/x/,
    });
    expect(fake.requests).toHaveLength(6);
  });

  it('give up a server that hangs', async () => {
    const { fake, store } = setup();
    fake.fault = ({ attempt }) => (attempt === 1 ? 'hang' : null);
    await store.put(location, utf8('x'));
    expect(fake.requests).toHaveLength(2);
  });

  it('ask again for a stream that stops coming, from where it stopped', async () => {
    const { fake, store } = setup();
    await store.put(location, utf8('0123456789'));
    fake.change = async (response, { method, attempt }) => {
      if (method !== 'GET' || attempt > 1) return response;
      const bytes = new Uint8Array(await response.arrayBuffer()).slice(0, 4);
      const stalled = new ReadableStream({ start: (controller) => controller.enqueue(bytes) });
      return new Response(stalled, { status: response.status, headers: response.headers });
    };
    const reader = (await store.stream(location)).getReader();
    expect(text((await reader.read()).value)).toBe('0123');
    const rest = reader.read();
    await vi.waitFor(() => expect(fake.guards).toBe(1));
    fake.passTime();
    expect(text((await rest).value)).toBe('456789');
    expect((await reader.read()).done).toBe(true);
    const ranges = fake.requests.filter(({ method }) => method === 'GET').map(({ headers }) => headers.get('range'));
    expect(ranges).toEqual(['bytes=0-', 'bytes=4-']);
  });

  it('are not made for what will not change', async () => {
    const { fake, store } = setup();
    for (const [response, code] of [
      [xmlError(403, 'AccessDenied'), 'FORBIDDEN'],
      [xmlError(403, 'SignatureDoesNotMatch'), 'UNAUTHENTICATED'],
      [xmlError(400, 'ExpiredToken'), 'UNAUTHENTICATED'],
      [xmlError(507, 'XMinioStorageFull'), 'STORAGE_FULL'],
      [new Response('<Error><Message>no space left on device</Message></Error>', { status: 500 }), 'STORAGE_FULL'],
      [xmlError(404, 'NoSuchBucket'), 'NOT_FOUND'],
      [xmlError(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'eu-west-1' }), 'INVALID_ARGUMENT'],
      [new Response('<html>welcome</html>', { status: 404 }), 'INVALID_RESPONSE'],
      [xmlError(400, 'InvalidArgument'), 'INVALID_RESPONSE'],
    ] as const) {
      fake.requests.length = 0;
      fake.fault = () => response.clone();
      await expect(store.put(location, utf8('x'))).rejects.toMatchObject({ code, retryable: false });
      expect(fake.requests).toHaveLength(1);
    }
  });

  it('never show a secret that the server echoes', async () => {
    const { fake, store } = setup();
    const echo = '<AWSAccessKeyId>canary-id</AWSAccessKeyId><StringToSign>canary-sts</StringToSign>';
    for (const code of ['SignatureDoesNotMatch', 'AccessDenied', 'InternalError', 'InvalidArgument']) {
      fake.fault = () => xmlError(403, code, echo);
      const error = await store.read(location).catch((e: unknown) => e);
      expect(JSON.stringify([String(error), error, (error as Error).stack])).not.toMatch(/canary/);
    }
  });
});

describe('credentials', () => {
  it('are asked for again when the store refuses them', async () => {
    const { fake, options } = setup();
    let given = 0;
    const provider = async () => ({ accessKeyId: `id-${++given}`, secretAccessKey: 's' });
    const store = new S3Store({ ...options, credentials: provider });
    const renewed = Promise.withResolvers<void>();
    let refused = 0;
    fake.fault = async ({ headers }) => {
      if (!headers.get('authorization')?.includes('id-1/')) {
        renewed.resolve();
        return null;
      }
      if (refused++ > 0) await renewed.promise; // the second refusal arrives when there are new ones
      return xmlError(400, 'ExpiredToken');
    };
    await Promise.all([store.put(location, utf8('x')), store.put(`${location}2`, utf8('x'))]);
    await store.put(`${location}3`, utf8('x'));
    expect(given).toBe(2);
  });

  it('are signed by the clock of the server, for all who were refused at once', async () => {
    const { fake, store } = setup();
    const skewed = /^(?!20700101)/;
    fake.fault = ({ headers }) =>
      skewed.test(headers.get('x-amz-date') ?? '')
        ? xmlError(403, 'RequestTimeTooSkewed', '<ServerTime>2070-01-01T00:00:00Z</ServerTime>')
        : null;
    await Promise.all([1, 2, 3].map((i) => store.put(`${location}${i}`, utf8('x'))));
    expect(fake.requests).toHaveLength(6);
  });

  it('are replaced before they expire, once for all who wait', async () => {
    const { options } = setup();
    let now = 1_800_000_000_000;
    let given = 0;
    const credentials = async () => {
      given += 1;
      return { accessKeyId: 'id', secretAccessKey: 's', expiresAtMs: now + 3_600_000 };
    };
    const store = new S3Store({ ...options, credentials, world: { ...options.world, now: () => now } });
    const use = () => Promise.all([1, 2, 3].map((i) => store.put(`${location}${i}`, utf8('x'))));
    await use();
    now += 3_600_000 - 301_000;
    await use();
    expect(given).toBe(1);
    now += 2_000;
    await use();
    expect(given).toBe(2);
  });

  it('of a signer that fails are its error, not a network error', async () => {
    const { fake, options } = setup();
    const signer = {
      sign: async () => {
        throw new Error('the catalog did not sign');
      },
    };
    const store = new S3Store({ ...options, signer });
    await expect(store.put(location, utf8('x'))).rejects.toThrow('the catalog did not sign');
    expect(fake.requests).toHaveLength(0);
  });
});

describe('an upload', () => {
  const bytes = (size: number) => new Uint8Array(size).fill(7);

  it('keeps to the slots it shares', async () => {
    const { fake, store } = setup();
    const together = gathering(2);
    fake.fault = async ({ query }) => {
      if (query.has('partNumber')) await together();
      return null;
    };
    const partSlots = new Semaphore(10 * MIB);
    const write = async (name: string) => {
      const upload = await store.openUpload(location + name, { ...PART, partSlots });
      for (let i = 0; i < 4; i++) await upload.write(bytes(5 * MIB));
      await upload.finish();
    };
    await Promise.all([write('a'), write('b'), write('c')]);
    expect(fake.mostParts).toBe(2);
    expect(partSlots.taken).toBe(0);
  });

  it('goes with five other small ones where two parts may be in flight', async () => {
    const { fake, store } = setup();
    let [now, most] = [0, 0];
    const together = gathering(6);
    fake.fault = async () => {
      most = Math.max(most, ++now);
      await together();
      now -= 1;
      return null;
    };
    const partSlots = new Semaphore(10 * MIB);
    const write = async (name: number) => {
      const upload = await store.openUpload(location + name, { ...PART, partSlots });
      await upload.write(bytes(1000));
      await upload.finish();
    };
    await Promise.all([...Array(20).keys()].map(write));
    expect(most).toBe(6);
    expect([fake.objects.size, partSlots.taken]).toEqual([20, 0]);
  });

  it('is complete although the answer to its completion is lost', async () => {
    const { fake, store } = setup();
    fake.fault = ({ method, query, attempt }) =>
      method === 'POST' && query.has('uploadId') && attempt === 1 ? 'lost' : null;
    const upload = await store.openUpload(location, PART);
    await upload.write(bytes(11 * MIB));
    expect(await upload.finish()).toMatchObject({ sizeBytes: 11 * MIB, etag: '"joined-3"' });
  });

  it('is completed again after an error under a status of 200', async () => {
    const { fake, store } = setup();
    const error = '<?xml version="1.0"?>\n  <Error><Code>InternalError</Code></Error>';
    fake.fault = ({ method, query, attempt }) =>
      method === 'POST' && query.has('uploadId') && attempt === 1 ? new Response(error) : null;
    const upload = await store.openUpload(location, PART);
    await upload.write(bytes(6 * MIB));
    expect(await upload.finish()).toMatchObject({ sizeBytes: 6 * MIB });
  });

  it('fails on a final error under a status of 200, and can be undone', async () => {
    const { fake, store } = setup();
    fake.fault = ({ method, query }) =>
      method === 'POST' && query.has('uploadId')
        ? new Response('<Error><Code>InvalidPart</Code><Message>m</Message></Error>')
        : null;
    const upload = await store.openUpload(location, PART);
    await upload.write(bytes(6 * MIB));
    await expect(upload.finish()).rejects.toMatchObject({ code: 'INVALID_RESPONSE', message: /InvalidPart/ });
    expect(await upload.abort()).toEqual({ leftBehind: [] });
    expect([fake.uploads.size, fake.objects.size]).toEqual([0, 0]);
  });

  it.each(['finish', 'abort'] as const)('that was opened twice leaves none open after %s', async (end) => {
    const { fake, store } = setup();
    fake.fault = ({ query, method, attempt }) =>
      method === 'POST' && query.has('uploads') && attempt === 1 ? 'lost' : null;
    const upload = await store.openUpload(location, PART);
    await upload.write(bytes(6 * MIB));
    expect(fake.uploads.size).toBe(2);
    await upload[end]();
    expect(fake.uploads.size).toBe(0);
    expect(fake.objects.size).toBe(end === 'finish' ? 1 : 0);
  });

  it('whose part fails for good says so at the next write, and leaves nothing', async () => {
    const { fake, store } = setup();
    fake.fault = ({ query }) => (query.get('partNumber') === '2' ? xmlError(403, 'AccessDenied') : null);
    const upload = await store.openUpload(location, PART);
    const writing = async () => {
      for (let i = 0; i < 20; i++) await upload.write(bytes(5 * MIB));
    };
    await expect(writing()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(upload.write(bytes(1))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(upload.finish()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await upload.abort()).toEqual({ leftBehind: [] });
    expect([fake.uploads.size, upload.bufferedBytes]).toEqual([0, 0]);
  });

  it('that cannot be aborted is named with its id', async () => {
    const { fake, store } = setup();
    fake.fault = ({ method }) => (method === 'DELETE' ? 'down' : null);
    const upload = await store.openUpload(location, PART);
    await upload.write(bytes(6 * MIB));
    expect(await upload.abort()).toEqual({ leftBehind: [`${location}?uploadId=upload-1`] });
  });

  it('whose stored size differs is refused and removed', async () => {
    const { fake, store } = setup();
    fake.change = (response, { method }) =>
      method === 'HEAD' ? new Response(null, { headers: { 'content-length': '5' } }) : response;
    const upload = await store.openUpload(location, PART);
    await upload.write(bytes(6 * MIB));
    await expect(upload.finish()).rejects.toMatchObject({ code: 'INVALID_RESPONSE', message: /5 bytes/ });
    expect(await upload.abort()).toEqual({ leftBehind: [] });
    expect(fake.objects.size).toBe(0);
  });

  it('whose single put may have arrived is removed', async () => {
    const { fake, store } = setup();
    fake.fault = ({ method }) => (method === 'PUT' ? 'lost' : null);
    const upload = await store.openUpload(location, PART);
    await upload.write(bytes(10));
    await expect(upload.finish()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(fake.objects.size).toBe(1);
    expect(await upload.abort()).toEqual({ leftBehind: [] });
    expect(fake.objects.size).toBe(0);
  });

  it('that never reached the server has nothing to report', async () => {
    const { options } = setup();
    const fetch = async () => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
    };
    const store = new S3Store({ ...options, world: { ...options.world, fetch } });
    for (const size of [10, 6 * MIB]) {
      const upload = await store.openUpload(location, PART);
      const use = async () => {
        await upload.write(bytes(size));
        await upload.finish();
      };
      await expect(use()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
      expect(await upload.abort()).toEqual({ leftBehind: [] });
    }
  });

  it('says that CORS hides the etag', async () => {
    const { fake, store } = setup();
    fake.change = (response, { query }) => (query.has('partNumber') ? new Response(null) : response);
    const upload = await store.openUpload(location, PART);
    await upload.write(bytes(6 * MIB));
    await expect(upload.finish()).rejects.toThrow(/ExposeHeader/);
    await upload.abort();
  });

  it('refuses parts that S3 would refuse', async () => {
    const { store } = setup();
    await expect(store.openUpload(location, { partSizeBytes: MIB })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      place: { option: 'partSizeBytes' },
    });
  });
});
