import { beforeAll, expect, it } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { concatBytes, fromBase64 } from '../../../src/util/encoding.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await newEngine();
});

/** "hello, hello, hello\n", by zstd 1.5. */
const text = 'hello, hello, hello\n';
const zstdHello = 'KLUv/QRYdQAAQGhlbGxvLCAKAQDiihEhaZ2H';
const bytesOf = (value: string): Bytes => new TextEncoder().encode(value);

async function gzip(bytes: Bytes): Promise<Bytes> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function undo(codec: 'gzip' | 'zstd', bytes: Bytes, step: number): string {
  using decompressor = engine.decompressor(codec);
  const out: Bytes[] = [];
  for (let at = 0; at < bytes.length; at += step) out.push(...decompressor.push(bytes.slice(at, at + step)));
  out.push(...decompressor.finish());
  return new TextDecoder().decode(concatBytes(out));
}

it('undoes all gzip members and all zstd frames at any cut', async () => {
  const before = engine.liveBytes;
  const gz = concatBytes([await gzip(bytesOf(text)), await gzip(bytesOf('')), await gzip(bytesOf(text))]);
  const zs = concatBytes([fromBase64(zstdHello), fromBase64(zstdHello)]);
  for (const step of [1, 10, 1000]) {
    expect(undo('gzip', gz, step)).toBe(text + text);
    expect(undo('zstd', zs, step)).toBe(text + text);
  }
  expect(engine.liveBytes).toBe(before);
});

it('says when a body is cut off, damaged or something else', async () => {
  const before = engine.liveBytes;
  const gz = await gzip(bytesOf(text));
  const zs = fromBase64(zstdHello);
  for (const [codec, whole] of [['gzip', gz] as const, ['zstd', zs] as const]) {
    for (let cut = 0; cut < whole.length; cut += 1) {
      expect(() => undo(codec, whole.slice(0, cut), 7)).toThrow(expect.objectContaining({ code: 'SOURCE_CORRUPT' }));
    }
    const damaged = whole.slice();
    damaged[12] = (damaged[12] ?? 0) ^ 0xff;
    expect(() => undo(codec, damaged, 7)).toThrow(expect.objectContaining({ code: 'SOURCE_CORRUPT' }));
    const trailing = concatBytes([whole, bytesOf('more')]);
    expect(() => undo(codec, trailing, 7)).toThrow(expect.objectContaining({ code: 'SOURCE_CORRUPT' }));
  }
  expect(engine.liveBytes).toBe(before);
});

it('makes output as it is asked for', async () => {
  const bytes = await gzip(new Uint8Array(20 << 20));
  using decompressor = engine.decompressor('gzip');
  let total = 0;
  for (const piece of decompressor.pull(bytes)) {
    expect(piece.length).toBeLessThanOrEqual(256 << 10);
    total += piece.length;
  }
  expect(total).toBe(20 << 20);
  decompressor.finish();
});
