import { expect, it } from 'vitest';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import { StoreRegistry } from '../../../src/storage/registry.ts';
import { S3Store } from '../../../src/storage/s3/s3-store.ts';

it('gives the store of a location’s scheme', () => {
  const files = new MemoryStore('files');
  const registry = new StoreRegistry({ factories: new Map([['file', () => files]]) });
  expect(registry.open('s3a://bucket/x')).toBeInstanceOf(S3Store);
  expect(registry.open('memory://a/x')).toBe(registry.open('memory://a/y'));
  expect(registry.open('memory://a/x')).not.toBe(registry.open('memory://b/x'));
  expect(registry.open('/tmp/x')).toBe(files);
  expect(registry.open('file:///tmp/x')).toBe(files);
});

it('says which schemes it knows', () => {
  const registry = new StoreRegistry();
  expect(registry.knows('gs://bucket/x')).toBe(false);
  expect(() => registry.open('gs://user:secret@bucket/x')).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringMatching(/^((?!secret).)*memory, s3/) }),
  );
});
