/**
 * A run is a file that a clustered write keeps for itself for a while: records in the order of their partition keys,
 * one after the other, as `ClusteredRows` gives them. All records of a write have the same schema.
 */
import type { BareHead } from '../../engine/bare-head.ts';
import { valuesOfKey } from '../../engine/partition-key.ts';
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { sameBytes, toHex } from '../../util/encoding.ts';
import type { PartitionId } from '../rows/partition-router.ts';

/** Rows of one partition in a run. */
export interface RunRecord {
  readonly partition: PartitionId;
  /** Of the run. */
  readonly location: string;
  readonly head: BareHead;
  /** Its bytes, cut anywhere. */
  readonly pieces: readonly Bytes[];
}

/** Reads labels; the runs of one merge come to the same ones together. */
export class LabelReader {
  #label: Bytes = new Uint8Array();
  #partition: PartitionId | null = null;

  /** Null: these bytes are no label. */
  partition(label: Bytes): PartitionId | null {
    if (this.#partition === null || !sameBytes(label, this.#label)) {
      const values = valuesOfKey(label);
      if (values === null) return null;
      this.#label = label.slice();
      this.#partition = { key: toHex(label), values };
    }
    return this.#partition;
  }
}

/** The store gave back something else than was written. */
export function damagedRun(location: string, what: string): IcestreamError {
  return new IcestreamError(
    'INVALID_RESPONSE',
    `${location}: a temporary file of this write is not as it was written (${what}); nothing is committed; load again`,
    { file: location, retryable: true },
  );
}
