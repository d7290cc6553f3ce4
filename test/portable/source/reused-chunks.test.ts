/** A stream may use the memory of a chunk again once the next one is asked for: nothing may still need it then. */
import { describe, expect, test } from 'vitest';
import { fromAny } from '../../../src/source/from-any.ts';
import { fromBase64 } from '../../../src/util/encoding.ts';
import { plainStream } from '../../fixtures/arrow-ipc.ts';
import { pyarrowSnappy } from '../../fixtures/parquet-files.ts';
import { readAll, text } from './helpers.ts';

/** Many chunks in one buffer, overwritten between them. */
async function* inOneBuffer(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = new Uint8Array(chunkBytes);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const chunk = bytes.subarray(at, at + chunkBytes);
    buffer.fill(0xaa);
    buffer.set(chunk);
    yield buffer.subarray(0, chunk.length);
  }
  buffer.fill(0xaa);
}

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function utf16(value: string): Uint8Array {
  const bytes = new Uint8Array(2 + 2 * value.length);
  new DataView(bytes.buffer).setUint16(0, 0xfeff, true);
  for (let i = 0; i < value.length; i++) new DataView(bytes.buffer).setUint16(2 + 2 * i, value.charCodeAt(i), true);
  return bytes;
}

const lines = Array.from({ length: 5000 }, (_, i) => i);
const csv = `id,name\n${lines.map((i) => `${i},name ${i}`).join('\n')}\n`;
const ndjson = lines.map((i) => `{"id":${i},"name":"name ${i}"}`).join('\n');

describe('chunks that are overwritten when the next one is asked for', () => {
  const inputs: readonly [string, () => Promise<Uint8Array> | Uint8Array][] = [
    ['CSV', () => text(csv)],
    ['CSV in UTF-16', () => utf16(csv)],
    ['gzipped CSV', () => gzipped(text(csv))],
    ['NDJSON', () => text(ndjson)],
    ['an Arrow stream', () => fromBase64(plainStream)],
    ['Parquet', () => fromBase64(pyarrowSnappy)],
  ];
  test.each(inputs)('give the same rows: %s', async (_, bytes) => {
    const whole = await bytes();
    const expected = await readAll(fromAny(whole));
    expect(expected.rows.length).toBeGreaterThan(0);
    for (const chunkBytes of [61, 4096]) {
      expect((await readAll(fromAny(inOneBuffer(whole, chunkBytes)))).rows).toEqual(expected.rows);
    }
  });
});
