import { getEngine, init } from 'icestream';
import { afterEach, describe, expect, it } from 'vitest';
import { engineSource } from '#load-engine';
import { compileModule, type EngineModuleSource } from '../../../src/engine/wasm/module.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { VERSION } from '../../../src/util/version.ts';
import { artifactBytes } from '../../support/artifact-bytes.ts';

const workerd = navigator.userAgent === 'Cloudflare-Workers';
/** Workers take only modules that are imported. */
const whereWasmCompiles: (name: string, test: () => Promise<void>) => void = workerd ? () => {} : it;
const own = async () => compileModule(await engineSource());

/** A module that holds nothing but custom sections of the name `icestream`. */
function emptyModule(...versions: readonly string[]): Bytes {
  const text = (value: string) => [...new TextEncoder().encode(value)];
  const sections = versions.flatMap((version) => {
    const content = [9, ...text('icestream'), ...text(version)];
    return [0, content.length, ...content];
  });
  return Uint8Array.from([...text('\0asm'), 1, 0, 0, 0, ...sections]);
}

async function inferredColumns(): Promise<number> {
  const csv = new TextEncoder().encode('a,b\n1,2\n');
  return (await getEngine()).inferCsv(csv).schema.fields.length;
}

afterEach(async () => init(await own()));

describe('init takes', () => {
  it('a compiled module, or the promise of one', async () => {
    await init(await own());
    expect(await inferredColumns()).toBe(2);
    await init(own());
    expect(await inferredColumns()).toBe(2);
  });

  whereWasmCompiles('bytes: an array, a view, a buffer', async () => {
    const bytes = await artifactBytes();
    const padded = new Uint8Array(bytes.length + 3);
    padded.set(bytes, 3);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const forms: EngineModuleSource[] = [bytes, padded.subarray(3), new DataView(padded.buffer, 3), buffer];
    for (const form of forms) {
      await init(form);
      expect(await inferredColumns()).toBe(2);
    }
  });

  whereWasmCompiles('an answer, or the promise of one, whatever its content type', async () => {
    await init(new Response(await artifactBytes(), { headers: { 'content-type': 'text/plain' } }));
    await init(artifactBytes().then((bytes) => new Response(bytes)));
    expect(await inferredColumns()).toBe(2);
  });

  whereWasmCompiles('a URL', async () => {
    await init(new URL(URL.createObjectURL(new Blob([await artifactBytes()]))));
    expect(await inferredColumns()).toBe(2);
  });
});

describe('init refuses', () => {
  const html = new TextEncoder().encode('<!doctype html><title>not found</title>');
  const cases: [string, () => unknown, Record<string, unknown>][] = [
    [
      'a page',
      () => new Response(html),
      { code: 'INVALID_RESPONSE', message: expect.stringMatching(/<!doctype html>/) },
    ],
    ['bytes of something else', () => html, { code: 'INVALID_ARGUMENT', message: expect.stringMatching(/<!doctype/) }],
    ['nothing at all', () => new Uint8Array(), { code: 'INVALID_ARGUMENT', message: expect.stringMatching(/0 bytes/) }],
    [
      'an answer that is no success',
      () => new Response(html, { status: 404 }),
      { code: 'UNAVAILABLE', place: expect.objectContaining({ status: 404 }), retryable: false },
    ],
    ['an answer to try again', () => new Response(null, { status: 503 }), { code: 'UNAVAILABLE', retryable: true }],
    [
      'an address that does not answer',
      () => new URL('http://127.0.0.1:9/icestream.wasm?token=secret'),
      { code: 'UNAVAILABLE', message: expect.not.stringContaining('secret') },
    ],
    ['text', () => '/icestream.wasm', { code: 'INVALID_ARGUMENT', message: expect.stringMatching(/new URL/) }],
    ['no value', () => undefined, { code: 'INVALID_ARGUMENT', message: expect.stringMatching(/undefined/) }],
  ];
  it.each(cases)('%s, and the engine in use stays', async (_, source, expected) => {
    const engine = await getEngine();
    await expect(init(source() as EngineModuleSource)).rejects.toMatchObject(expected);
    expect(await getEngine()).toBe(engine);
  });

  whereWasmCompiles('wasm that is cut off', async () => {
    const bytes = (await artifactBytes()).subarray(0, 100_000);
    await expect(init(bytes)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(init(new Response(bytes))).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
  });

  whereWasmCompiles('an engine of another version, and wasm that is no engine', async () => {
    await expect(init(emptyModule('0.0.1'))).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(`icestream 0.0.1; icestream ${VERSION} needs`),
    });
    await expect(init(emptyModule())).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/no engine of icestream/),
    });
  });

  it('bytes where this runtime compiles none, saying what it takes', async () => {
    const given = init(emptyModule(VERSION));
    if (!workerd) return given;
    await expect(given).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/import icestream\/icestream.wasm/),
    });
  });
});

describe('init called again', () => {
  it('has the next engine be of the later module; engines that exist stay as they are', async () => {
    const before = await getEngine();
    expect(await getEngine()).toBe(before);
    const module = await own();
    await init(module);
    const after = await getEngine();
    if (!workerd) expect(after).not.toBe(before);
    expect(before.alive).toBe(true);
    expect(await getEngine()).toBe(after);
  });

  it('counts in the order of the calls, whichever ends first', async () => {
    const { promise, resolve } = Promise.withResolvers<WebAssembly.Module>();
    const slow = init(promise);
    await init(await own());
    const engine = await getEngine();
    resolve(await own());
    await slow;
    expect(await getEngine()).toBe(engine);
  });

  it('leaves all as before when several fail, in any order', async () => {
    const engine = await getEngine();
    const first = Promise.withResolvers<WebAssembly.Module>();
    const second = Promise.withResolvers<WebAssembly.Module>();
    const both = [init(first.promise), init(second.promise)];
    first.reject(new Error('first'));
    await expect(both[0]).rejects.toThrow('first');
    second.reject(new Error('second'));
    await expect(both[1]).rejects.toThrow('second');
    expect(await getEngine()).toBe(engine);
  });

  it('is waited for by what begins meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<WebAssembly.Module>();
    const begun = init(promise);
    let engines = 0;
    const waiting = getEngine().then(() => {
      engines += 1;
    });
    await own();
    expect(engines).toBe(0);
    resolve(await own());
    await Promise.all([begun, waiting]);
    expect(engines).toBe(1);
  });
});
