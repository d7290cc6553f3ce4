/** Handing batches over: who holds a batch frees it, also when the consumer leaves in the middle. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { Batch } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import type { OpenSource } from './source.ts';

/** Yields batches that hold rows; each belongs to the consumer from then on; frees the rest when the consumer leaves. */
export function* handOver(batches: readonly Batch[]): Generator<Batch, void, undefined> {
  let next = 0;
  try {
    while (next < batches.length) {
      const batch = batches[next++] as Batch;
      if (batch.numRows > 0) yield batch;
      else batch.free();
    }
  } finally {
    for (const batch of batches.slice(next)) batch.free();
  }
}

export interface OpenSourceParts {
  readonly name: string;
  readonly schema: ArrowSchema;
  readonly totalRows?: number | null;
  readonly engineBytes?: number;
  readonly batchRows?: number | undefined;
  readonly columnsApart?: boolean;
  /** Frees what it holds when it is left early. */
  readonly batches: () => AsyncGenerator<Batch, void, undefined>;
  /** Frees readers and ends streams; called once, also when `batches` was never called. */
  readonly close: () => void | Promise<void>;
  readonly currentFile?: () => string | null;
}

/** An {@link OpenSource} of its parts: read once, closed once. */
export function makeOpenSource(parts: OpenSourceParts): OpenSource {
  let taken = false;
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await parts.close();
  };
  async function* batches(): AsyncGenerator<Batch, void, undefined> {
    try {
      yield* parts.batches();
    } finally {
      await close();
    }
  }
  return {
    schema: parts.schema,
    totalRows: parts.totalRows ?? null,
    engineBytes: parts.engineBytes ?? 0,
    ...(parts.batchRows === undefined ? {} : { batchRows: parts.batchRows }),
    columnsApart: parts.columnsApart ?? false,
    get currentFile() {
      return parts.currentFile === undefined ? parts.name : parts.currentFile();
    },
    batches() {
      if (taken || closed) {
        throw new IcestreamError('SOURCE_UNREADABLE', `${parts.name}: the source was read already; open it again`, {
          file: parts.name,
        });
      }
      taken = true;
      return batches();
    },
    [Symbol.asyncDispose]: close,
  };
}
