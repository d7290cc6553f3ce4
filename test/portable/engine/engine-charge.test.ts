/** What an operation may be charged with of the memory of an engine that others use too. */
import { expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import { EngineCharge } from '../../../src/engine/engine-charge.ts';
import { MiB } from '../write/rows.ts';

/** An engine whose memory and what is in use of it are set by the test. */
function engineOf(memory: number, live = 0) {
  return { alive: true, memoryBytes: memory * MiB, liveBytes: live * MiB };
}

test('an engine as large as the share, or smaller, is charged whole: nobody knows how much of it was used', () => {
  const engine = engineOf(4);
  const charge = new EngineCharge(engine, 64 * MiB);
  expect(charge.bytes).toBe(4 * MiB);
  engine.memoryBytes = 64 * MiB;
  expect(charge.bytes).toBe(64 * MiB);
});

test('of a larger one that others left, the share is', () => {
  expect(new EngineCharge(engineOf(200), 24 * MiB).bytes).toBe(24 * MiB);
});

test('more than the share is charged once more is held, or the engine has grown for it', () => {
  const holds = engineOf(200);
  const held = new EngineCharge(holds, 24 * MiB);
  holds.liveBytes = 50 * MiB;
  expect(held.bytes).toBeGreaterThanOrEqual(50 * MiB);
  const grows = engineOf(100);
  const grown = new EngineCharge(grows, 24 * MiB);
  grows.memoryBytes = 180 * MiB;
  expect(grown.bytes).toBeGreaterThanOrEqual(80 * MiB);
  const fresh = engineOf(4);
  const all = new EngineCharge(fresh, 24 * MiB);
  [fresh.memoryBytes, fresh.liveBytes] = [26 * MiB, 20 * MiB];
  expect(all.bytes).toBe(26 * MiB);
});

test('never more than the engine has', () => {
  expect(new EngineCharge(engineOf(30, 29), 24 * MiB).bytes).toBe(30 * MiB);
});

test('of an engine that has stopped, all is', () => {
  const engine = { ...engineOf(200), alive: false };
  Object.defineProperty(engine, 'liveBytes', {
    get: () => {
      throw new Error('an engine that has stopped is not asked');
    },
  });
  expect(new EngineCharge(engine, 24 * MiB).bytes).toBe(200 * MiB);
});

test('an engine that does nothing yet has the memory that is counted for it', async () => {
  const engine = await newEngine();
  expect(new EngineCharge(engine, 0).bytes).toBe(engine.memoryBytes);
});
