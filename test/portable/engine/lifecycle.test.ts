import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { getEngine, newEngine } from '../../../src/engine/default-engine.ts';
import type { Batch, Engine } from '../../../src/engine/engine.ts';
import type { Bytes } from '../../../src/util/bytes.ts';

const MIB = 1024 * 1024;

function numbers(engine: Engine, rows: number): Batch {
  const table = tableFromArrays({ n: Float64Array.from({ length: rows }, (_, i) => Math.sin(i)) });
  const [batch] = engine.fromIpc(tableToIPC(table, 'stream') as Bytes);
  if (batch === undefined) throw new Error('no batch');
  return batch;
}

/** Joins a batch with itself, over and over, until memory runs out. */
function exhaust(engine: Engine): unknown {
  let joined = numbers(engine, 100_000);
  try {
    for (;;) joined = engine.concat([joined.slice(0, joined.numRows), joined]);
  } catch (error) {
    return error;
  }
}

describe('the engine', () => {
  it('refuses a limit that cannot work, with the number that would', async () => {
    await expect(newEngine({ memoryLimitBytes: MIB })).rejects.toMatchObject({
      code: 'MEMORY_LIMIT_TOO_SMALL',
      message: expect.stringContaining(String(4 * MIB)),
    });
  });

  it('refuses input that does not fit, and goes on', async () => {
    const engine = await newEngine({ memoryLimitBytes: 8 * MIB });
    using reader = engine.ipcReader();
    expect(() => reader.push(new Uint8Array(16 * MIB))).toThrow(
      expect.objectContaining({ code: 'MEMORY_LIMIT_TOO_SMALL' }),
    );
    expect(engine.alive).toBe(true);
    using batch = numbers(engine, 10);
    expect(batch.numRows).toBe(10);
  });

  it('never takes more memory than its limit; out of memory names the limit and ends it', async () => {
    const engine = await newEngine({ memoryLimitBytes: 16 * MIB });
    const held = numbers(engine, 10);
    expect(exhaust(engine)).toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringContaining(String(16 * MIB)),
    });
    expect(engine.memoryBytes).toBeLessThanOrEqual(16 * MIB);
    expect(engine.alive).toBe(false);
    expect(() => engine.ipcReader()).toThrow(expect.objectContaining({ code: 'ENGINE_FAILED' }));
    expect(() => held.toIpc()).toThrow(expect.objectContaining({ code: 'ENGINE_FAILED' }));
    held.free();
  });

  it('is shared, and replaced after it stopped', async () => {
    const first = await getEngine();
    expect(await getEngine()).toBe(first);
    expect(await getEngine({ memoryLimitBytes: 8 * MIB })).toBe(first);
    const larger = await getEngine({ memoryLimitBytes: first.maxMemoryBytes + MIB });
    expect(larger).not.toBe(first);
    expect(larger.maxMemoryBytes).toBe(first.maxMemoryBytes + MIB);
    expect(await getEngine()).toBe(larger);
    expect(first.alive).toBe(true);
    expect(exhaust(larger)).toMatchObject({ code: 'ENGINE_FAILED' });
    const next = await getEngine();
    expect(next).not.toBe(larger);
    expect(next.alive).toBe(true);
  });

  it('keeps the batches of two engines apart', async () => {
    const [one, two] = [await newEngine(), await newEngine()];
    const batch = numbers(one, 10);
    expect(() => two.concat([batch])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    batch.free();
  });
});
