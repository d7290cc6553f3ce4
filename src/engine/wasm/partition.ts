/** What the engine does with whole batches: split by partition tuple, join. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { fromHex } from '../../util/encoding.ts';
import type { ArrowSchema } from '../arrow-schema.ts';
import type { Batch, Clustered, ClusterOptions, Partitioned, PartitionSlice, PartitionTransform } from '../engine.ts';
import { valuesOfKey } from '../partition-key.ts';
import { type BatchList, batchesOf, consuming, WasmBatch } from './batch.ts';
import { WasmClusteredRows } from './clustered-rows.ts';
import type { WasmInstance } from './instance.ts';

/** A part as the engine gives it. */
export type PartJson = readonly [key: string, firstRow: number, rows: number, bytes: number, handle: number];

export class WasmPartitionSlice implements PartitionSlice {
  readonly key: string;
  readonly firstRow: number;
  readonly batch: Batch;

  constructor(instance: WasmInstance, [key, firstRow, rows, bytes, handle]: PartJson, schema: ArrowSchema) {
    this.key = key;
    this.firstRow = firstRow;
    this.batch = new WasmBatch(instance, handle, rows, schema, bytes);
  }

  /** Read out of the key when asked for: a partition has one tuple, and slices without end. */
  get values(): readonly (Bytes | null)[] {
    const values = valuesOfKey(fromHex(this.key));
    if (values !== null) return values;
    throw new IcestreamError('ENGINE_FAILED', `the engine gave rows the partition key ${this.key}, which is none`);
  }
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
  const { schema } = first;
  const answer = grouped(instance, 'batch_partition', batches, { transforms, mostParts: mostTuples }) as {
    readonly parts: readonly PartJson[];
    readonly rest: BatchList;
  };
  const slices = answer.parts.map((part) => new WasmPartitionSlice(instance, part, schema));
  return { slices, rest: batchesOf(instance, answer.rest, schema) };
}

/** Groups rows by partition tuple, in order of keys; consumes the batches, of which there is one at least. */
export function clusterBatches(
  instance: WasmInstance,
  batches: readonly Batch[],
  transforms: readonly PartitionTransform[],
  { pieceBytes, mostTuples }: ClusterOptions,
): Clustered {
  const [first] = batches;
  if (first === undefined)
    throw new IcestreamError('INVALID_ARGUMENT', 'there is no batch whose rows could be grouped');
  const { schema } = first;
  const answer = grouped(instance, 'batch_cluster', batches, { transforms, mostParts: mostTuples, pieceBytes }) as {
    readonly handle: number;
    readonly rows: number;
    readonly rest: BatchList;
  };
  const rows = new WasmClusteredRows(instance, answer.handle, answer.rows, schema);
  return { rows, rest: batchesOf(instance, answer.rest, schema) };
}

function grouped(
  instance: WasmInstance,
  call: string,
  batches: readonly Batch[],
  request: { readonly transforms: readonly PartitionTransform[] } & Readonly<Record<string, unknown>>,
): unknown {
  const transforms = request.transforms.map(({ sourceId, transform }) => ({ sourceId, transform }));
  const text = JSON.stringify({ ...request, transforms });
  return consuming(instance, batches, (handles) => instance.callJson(call, handles, text));
}

/** Rows of all batches, in order; consumes them. */
export function concatBatches(instance: WasmInstance, batches: readonly Batch[]): Batch {
  const schema = batches[0]?.schema;
  const join = (handles: Bytes) => instance.callJson('batch_concat', handles) as BatchList;
  const list = consuming(instance, batches, join);
  const [joined] = batchesOf(instance, list, schema);
  return joined as Batch;
}
