/** Files that are read by ranges: Parquet, and Arrow files whose schema stands only in their footer. */
import { onDemand } from '../util/on-demand.ts';
import type { ByteInput } from './byte-input.ts';
import { unreadable } from './errors-in-file.ts';
import type { FileContext } from './file-context.ts';
import { SNIFF_BYTES } from './format-names.ts';
import type { OpenSource } from './source.ts';

/** Null: the file is something else, or there are no ranges of it. */
export async function openRanges(input: ByteInput, context: FileContext): Promise<OpenSource | null> {
  const { signal } = context.open;
  try {
    const file = await input.ranges(signal);
    if (file === null || file.sizeBytes === 0) return null;
    const head = await file.read(0, Math.min(file.sizeBytes, SNIFF_BYTES), signal);
    if (isParquet(head)) {
      const { openParquet } = await onDemand(import('./parquet.ts'));
      return await openParquet(file, context);
    }
    if (!isArrowFile(head)) return null;
    const { lacksSchemaMessage, openArrowFile } = await onDemand(import('./arrow.ts'));
    return lacksSchemaMessage(head) ? await openArrowFile(file, context) : null;
  } catch (error) {
    signal?.throwIfAborted();
    throw unreadable(error, context.name, 0);
  }
}

/** Whether a file that begins so must be read by ranges. */
export async function needsRanges(head: Uint8Array): Promise<boolean> {
  if (!isArrowFile(head)) return isParquet(head);
  const { lacksSchemaMessage } = await onDemand(import('./arrow.ts'));
  return lacksSchemaMessage(head);
}

function isParquet(head: Uint8Array): boolean {
  return String.fromCharCode(...head.subarray(0, 4)) === 'PAR1';
}

function isArrowFile(head: Uint8Array): boolean {
  return String.fromCharCode(...head.subarray(0, 6)) === 'ARROW1';
}
