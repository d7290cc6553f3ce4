/** What the engine does with whole batches: split by partition tuple, join. */
import { fromHex } from '../../util/encoding.ts';
import type { Batch, Partitioned, PartitionTransform } from '../engine.ts';
import { type BatchList, batchesOf, releaseBatches, WasmBatch } from './batch.ts';
import type { WasmInstance } from './instance.ts';

interface PartJson {
  readonly key: string;
  readonly values: ReadonlyArray<string | null>;
  readonly firstRow: number;
  readonly rows: number;
  readonly bytes: number;
  readonly handle: number;
}

/** Groups rows by partition tuple, in order of first row; consumes the batches. */
export function partitionBatches(
  instance: WasmInstance,
  batches: readonly Batch[],
  transforms: readonly PartitionTransform[],
  mostTuples?: number,
): Partitioned {
  const [first] = batches;
  if (first === undefined) return { slices: [], rest: [] };
  const fields = transforms.map(({ sourceId, transform }) => ({ sourceId, transform }));
  const request = JSON.stringify({ transforms: fields, mostParts: mostTuples });
  const { schema } = first;
  const given = releaseBatches(instance, batches);
  let answer: { readonly parts: readonly PartJson[]; readonly rest: BatchList };
  try {
    answer = instance.callJson('batch_partition', given, request) as typeof answer;
  } catch (error) {
    // The request itself may not have found room; freeing a consumed handle does nothing.
    const handles = new DataView(given.buffer);
    for (let at = 0; at < given.length; at += 4) instance.drop(handles.getInt32(at, true));
    throw error;
  }
  const slices = answer.parts.map(({ key, values, firstRow, rows, bytes, handle }) => ({
    key,
    values: values.map((value) => (value === null ? null : fromHex(value))),
    firstRow,
    batch: new WasmBatch(instance, handle, rows, schema, bytes),
  }));
  return { slices, rest: batchesOf(instance, answer.rest, schema) };
}

/** Rows of all batches, in order; consumes them. */
export function concatBatches(instance: WasmInstance, batches: readonly Batch[]): Batch {
  const schema = batches[0]?.schema;
  const list = instance.callJson('batch_concat', releaseBatches(instance, batches)) as BatchList;
  const [joined] = batchesOf(instance, list, schema);
  return joined as Batch;
}
