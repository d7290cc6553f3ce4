/** What one operation may be charged with of an engine's memory. */
import type { Engine } from './engine.ts';
import { IDLE_MEMORY_BYTES } from './wasm/instance.ts';

/**
 * Wasm memory never shrinks, and an engine is shared: its size says what the largest operation took so far. How much of
 * that a later one uses again, nobody sees while a call runs; what it plans with is the most that it should. So an
 * operation is charged with the engine's memory up to its own share, and beyond it only with what is seen: what an idle
 * engine takes, what was added since it began, and what is in use now. It is never more than there is, and less than
 * the operation held at most where that broke its plan within memory that others had left. What others use and add
 * meanwhile counts as if it were its own.
 */
export class EngineCharge {
  /** The most that the operation plans with. */
  shareBytes: number;
  readonly #engine: Pick<Engine, 'alive' | 'memoryBytes' | 'liveBytes'>;
  readonly #beganWithBytes: number;

  constructor(engine: Pick<Engine, 'alive' | 'memoryBytes' | 'liveBytes'>, shareBytes: number) {
    this.#engine = engine;
    this.shareBytes = shareBytes;
    this.#beganWithBytes = engine.memoryBytes;
  }

  get bytes(): number {
    const { alive, memoryBytes } = this.#engine;
    if (memoryBytes <= this.shareBytes || !alive) return memoryBytes;
    const seen = IDLE_MEMORY_BYTES + memoryBytes - this.#beganWithBytes + this.#engine.liveBytes;
    return Math.min(memoryBytes, Math.max(this.shareBytes, seen));
  }
}
