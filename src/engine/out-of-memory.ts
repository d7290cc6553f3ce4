/** An engine that had no memory for a call, as what can be done about it by whoever has planned its limit. */
import { IcestreamError } from '../errors.ts';
import type { Engine } from './engine.ts';

const MiB = 1024 * 1024;
/** Wasm code's own data, stacks and codec contexts. */
export const ENGINE_FIXED_BYTES = 6 * MiB;
/** Engines have whole pages of their limit. */
export const PAGE_BYTES = 64 * 1024;

export interface EngineShare {
  readonly engine: Pick<Engine, 'refusedBytes' | 'maxMemoryBytes'>;
  /** `memoryLimitBytes` of the operation. */
  readonly limitBytes: number;
  /** What an engine may take of such a limit. */
  readonly engineBytesOf: (limitBytes: number) => number;
  /** What it has to hold at once, as far as is known. */
  readonly heldBytes: number;
  /** What takes the memory. */
  readonly what?: string;
}

/** Whether an engine had no memory for a call, and nobody has said yet which limit would do. */
export function isOutOfMemory(error: unknown, engine: Pick<Engine, 'refusedBytes'>): error is IcestreamError {
  return (
    error instanceof IcestreamError &&
    error.code === 'MEMORY_LIMIT_TOO_SMALL' &&
    error.place.neededBytes === undefined &&
    engine.refusedBytes > 0
  );
}

/** The same error with a limit that would do, or do so far: more than the one that did not. */
export function withEnoughMemory(error: IcestreamError, share: EngineShare): IcestreamError {
  const { engine, limitBytes, engineBytesOf, heldBytes, what } = share;
  const neededBytes = ENGINE_FIXED_BYTES + heldBytes;
  const start = `${error.message}; ${what === undefined ? '' : `for ${what} `}`;
  // An engine of the caller's own that is less than its share of the limit.
  if (engine.maxMemoryBytes + PAGE_BYTES <= engineBytesOf(limitBytes)) {
    const enough = wholeMebibytes(Math.max(neededBytes, (5 * engine.maxMemoryBytes) / 4));
    const message = `${start}give it an engine with memoryLimitBytes of at least ${enough}`;
    return restated(error, { message, option: 'engine', neededBytes: enough });
  }
  let enough = wholeMebibytes((5 * limitBytes) / 4);
  while (engineBytesOf(enough) < neededBytes) enough += MiB;
  const message = `${start}set memoryLimitBytes to at least ${enough}`;
  return restated(error, { message, option: 'memoryLimitBytes', neededBytes: enough });
}

/** What can be done about a memory limit. */
export interface Advice {
  readonly message: string;
  readonly option: string;
  /** A limit that would do. */
  readonly neededBytes: number;
}

/** The same error, with what to do about it. */
export function restated(error: IcestreamError, { message, ...place }: Advice): IcestreamError {
  const { leftBehind } = error;
  return new IcestreamError('MEMORY_LIMIT_TOO_SMALL', message, { ...error.place, ...place, cause: error, leftBehind });
}

export function wholeMebibytes(bytes: number): number {
  return Math.ceil(bytes / MiB) * MiB;
}
