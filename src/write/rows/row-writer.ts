/** What takes the rows of one write, aligned to the table's schema, and leaves them in data files. */
import type { Batch } from '../../engine/engine.ts';

/** Lifecycle: `write`* → `finish` | `abort`. After an error, `abort` must be called. */
export interface RowWriter {
  /** Rows that wait in the engine, by `Batch.byteLength`. */
  readonly bufferedRowBytes: number;
  /** Rows that no row group holds yet. */
  readonly bufferedRows: number;
  /** Bytes on their way to the store that are held in memory: pending and in flight. */
  readonly bufferedPartBytes: number;
  /** Bytes of runs that were read ahead. */
  readonly runBytes: number;
  /** What threads of the write hold, and the row groups that came back from them and wait for their turn. */
  readonly threadBytes: number;
  /** Rows in finished files, by their footers. */
  readonly rowsWritten: number;
  readonly encodedBytes: number;
  readonly openFiles: number;
  /** Takes the batch over; its schema is the table's. */
  write(batch: Batch): Promise<void>;
  /** Encodes what waits and finishes all files. Returns temporary files that could not be removed. */
  finish(): Promise<readonly string[]>;
  /** Frees the rows, removes what is not a finished data file; returns what could not be removed. Never throws. */
  abort(): Promise<readonly string[]>;
}
