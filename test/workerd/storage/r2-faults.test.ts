/** R2 answers late, with errors, or not at all: the real binding, with faults in front of it. */
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { R2BucketBinding } from '../../../src/storage/r2/binding.ts';
import { R2Store } from '../../../src/storage/r2/r2-store.ts';
import { utf8 } from '../../../src/util/encoding.ts';
import { defaultWorld } from '../../../src/util/world.ts';
import { pattern } from '../../conformance/store.ts';

const bucket = env.BUCKET;
const partSizeBytes = 5 << 20;

type Method = keyof R2BucketBinding | 'uploadPart' | 'complete' | 'abort';
/** `before`: the call is not made. `after`: it is, and its answer is lost. */
type Fault = readonly [method: Method, when: 'before' | 'after', times: number, error?: string];

const INTERNAL = 'put: We encountered an internal error. Please try again. (10001)';

function storeWith(...faults: readonly Fault[]): R2Store {
  const left = new Map(faults.map(([method, when, times, error = INTERNAL]) => [method, { when, times, error }]));
  const faulty = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const call = () => Reflect.apply(value, target, args) as unknown;
          if (name === 'resumeMultipartUpload') return faulty(call() as object);
          const fault = left.get(name as Method);
          if (fault === undefined || fault.times === 0) return call();
          fault.times -= 1;
          const lost = () => Promise.reject(new Error(fault.error));
          return fault.when === 'before' ? lost() : Promise.resolve(call()).then(lost);
        };
      },
    });
  return new R2Store({
    binding: faulty(bucket),
    bucket: 'lake',
    world: { ...defaultWorld, sleep: async (_, signal) => signal?.throwIfAborted() },
  });
}

let names = 0;
const place = () => `s3://lake/faults ${++names}`;

test('calls that fail for the moment are made again', async () => {
  const location = place();
  const store = storeWith(['put', 'before', 2], ['get', 'before', 3], ['head', 'before', 1], ['list', 'before', 1]);
  await store.put(location, utf8('kept'));
  expect(await store.read(location)).toEqual(utf8('kept'));
  expect(await store.stat(location)).toMatchObject({ sizeBytes: 4 });
  for await (const found of store.list(location)) expect(found).toMatchObject({ location, sizeBytes: 4 });
});

test('a conditional put whose answer is lost knows its own object again', async () => {
  const location = place();
  const condition = { ifNoneMatch: '*' } as const;
  const store = storeWith(['put', 'after', 1]);
  expect(await store.put(location, utf8('mine'), { condition })).toMatchObject({ sizeBytes: 4 });
  const other = storeWith(['put', 'before', 1]).put(location, utf8('late'), { condition });
  await expect(other).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  expect(await store.read(location)).toEqual(utf8('mine'));
});

test('an error that stays names the object and R2’s own words', async () => {
  const location = place();
  const refusal = 'put: Access denied. (10003)';
  const store = storeWith(['put', 'before', 99, refusal]);
  let isNotStored = false;
  const onNotStored = () => {
    isNotStored = true;
  };
  await expect(store.put(location, utf8('x'), { onNotStored })).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: `R2 refused ${location}: ${refusal}`,
  });
  expect(isNotStored).toBe(false);
  await expect(storeWith(['get', 'before', 99]).read(location)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test.each(['createMultipartUpload', 'uploadPart', 'complete'] as const)(
  'an upload whose %s loses its answer stores the object all the same',
  async (method) => {
    const location = place();
    const bytes = pattern(2 * partSizeBytes + 100);
    const store = storeWith([method, 'after', 1]);
    const upload = await store.openUpload(location, { partSizeBytes });
    await upload.write(bytes.slice());
    expect(await upload.finish()).toMatchObject({ sizeBytes: bytes.length });
    expect(await store.read(location, { start: bytes.length - 200 })).toEqual(bytes.slice(-200));
  },
);

test('an upload whose parts are refused leaves nothing, or says what it leaves', async () => {
  for (const [faults, leftBehind] of [
    [[['uploadPart', 'before', 99]], 0],
    [
      [
        ['uploadPart', 'before', 99],
        ['abort', 'before', 99],
      ],
      1,
    ],
  ] as const) {
    const location = place();
    const upload = await storeWith(...faults).openUpload(location, { partSizeBytes });
    await upload.write(pattern(partSizeBytes));
    await expect(upload.finish()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const left = await upload.abort();
    expect(left.leftBehind).toHaveLength(leftBehind);
    for (const one of left.leftBehind) expect(one).toContain(`${location}?uploadId=`);
    expect(await storeWith().stat(location)).toBeNull();
  }
});

test.each(['with an error', 'as if it were whole'])('a stream that ends early, %s, goes on', async (how) => {
  const location = place();
  const bytes = pattern(300_000);
  await storeWith().put(location, bytes);
  const breaking: R2BucketBinding = new Proxy(bucket, {
    get: (target, name) => {
      if (name !== 'get') return Reflect.get(target, name).bind(target);
      return async (...args: Parameters<R2BucketBinding['get']>) => {
        const found = await target.get(...args);
        if (found === null) return null;
        let left = 2;
        const breaks = new TransformStream({
          transform: (chunk, controller) => {
            if (left-- > 0) controller.enqueue(chunk);
            else if (how === 'with an error') controller.error(new Error('Network connection lost.'));
            else controller.terminate();
          },
        });
        return { httpEtag: found.httpEtag, size: found.size, body: found.body.pipeThrough(breaks) };
      };
    },
  });
  const store = new R2Store({ binding: breaking, bucket: 'lake', world: { ...defaultWorld, sleep: async () => {} } });
  const whole = new Uint8Array(await new Response(await store.stream(location, 7)).arrayBuffer());
  expect(whole.length).toBe(bytes.length - 7);
  expect(whole.every((byte, i) => byte === bytes[i + 7])).toBe(true);
});
