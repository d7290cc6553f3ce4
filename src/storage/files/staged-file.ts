import type { Bytes } from '../../util/bytes.ts';
import type { PutOptions, UploadResult } from '../store.ts';

/** A file under a temporary name that can be given its own in one step. */
export interface StagedFile {
  readonly sizeBytes: number;
  write(bytes: Bytes): Promise<void>;
  /** Gives the file its name and returns its etag. `exclusive`: only where none has it, else in place of what has it. */
  publish(exclusive?: boolean): Promise<string>;
  /** Removes the temporary file; whether it is gone. */
  discard(): Promise<boolean>;
}

/** All of an object at once; with a condition only where there is none. */
export async function putWhole(
  file: StagedFile,
  location: string,
  bytes: Bytes,
  { condition, signal }: PutOptions,
): Promise<UploadResult> {
  try {
    await file.write(bytes);
    signal?.throwIfAborted();
    return { location, sizeBytes: bytes.length, etag: await file.publish(condition !== undefined) };
  } catch (error) {
    await file.discard();
    throw error;
  }
}
