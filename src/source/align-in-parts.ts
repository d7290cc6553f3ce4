/**
 * Batches that hold a value once for many rows (dictionaries, runs, views) are larger when each row has its own copy, and
 * so are those that lack columns.
 */
import type { ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';
import type { Batch } from '../engine/engine.ts';
import { leastRowBytes } from '../format/row-estimate.ts';
import { type MemoryLease, readerShareBytes } from '../util/memory-budget.ts';
import { handOver } from './batch-flow.ts';

/**
 * The rows of `batch`, aligned by `align` (which consumes what it is given): at once, or, where rows share values or lack
 * columns and would take too much with their own, in halves of halves, each made as it is asked for. Takes over the batch.
 * @param target What it is aligned to.
 */
export function* alignInParts(
  batch: Batch,
  target: ArrowSchema,
  lease: MemoryLease,
  align: (rows: Batch) => Batch,
): Generator<Batch, void, undefined> {
  const most = { bytes: readerShareBytes(lease.limitBytes) / 4, rowBytes: leastRowBytes(target) };
  yield* halved(batch, most, align);
}

function* halved(
  batch: Batch,
  most: { readonly bytes: number; readonly rowBytes: number },
  align: (rows: Batch) => Batch,
): Generator<Batch, void, undefined> {
  const { numRows } = batch;
  if (numRows <= 1 || Math.max(batch.byteLength, numRows * most.rowBytes) <= most.bytes) {
    yield* handOver([align(batch)]);
    return;
  }
  using whole = batch;
  const half = numRows >> 1;
  yield* halved(whole.slice(0, half), most, align);
  yield* halved(whole.slice(half, numRows - half), most, align);
}

/** Whether a value of such batches may be there once for many rows. */
export function rowsShareValues(schema: ArrowSchema): boolean {
  return schema.fields.some((field) => sharesValues(field.type));
}

function sharesValues(type: ArrowType): boolean {
  switch (type.kind) {
    case 'dictionary':
    case 'run_end_encoded':
      return true;
    case 'list':
      return type.layout.startsWith('view') || sharesValues(type.element.type);
    case 'fixed_size_list':
      return sharesValues(type.element.type);
    case 'struct':
      return type.fields.some((field) => sharesValues(field.type));
    case 'map':
      return sharesValues(type.key.type) || sharesValues(type.value.type);
    default:
      return false;
  }
}
