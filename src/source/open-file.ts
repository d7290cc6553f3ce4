/** Opens one file. `FileSource` imports it when it is opened. */
import { onDemand } from '../util/on-demand.ts';
import type { ByteInput } from './byte-input.ts';
import type { FileContext } from './file-context.ts';
import { formatByName, isCompressedName } from './format-names.ts';
import { openRanges } from './open-ranges.ts';
import type { OpenSource } from './source.ts';

/** @throws IcestreamError SOURCE_*, SCHEMA_MISMATCH, INVALID_VALUE, with the file's name. */
export async function openFile(input: ByteInput, context: FileContext): Promise<OpenSource> {
  const { signal } = context.open;
  if (signal?.aborted === true) {
    input.cancel?.(signal.reason);
    throw signal.reason;
  }
  const byRange = isReadByRange(input, context) ? await openRanges(input, context) : null;
  if (byRange !== null) return byRange;
  const { openStream } = await onDemand(import('./open-stream.ts'));
  return openStream(input, context);
}

/** What its name or the caller says; its first bytes may say otherwise. */
function isReadByRange(input: ByteInput, { name, options }: FileContext): boolean {
  const { format, compression = 'none' } = options;
  if (compression !== 'none' || isCompressedName(name)) return false;
  const hinted = format ?? formatByName(name);
  if (hinted === 'csv' || hinted === 'json') return false;
  return hinted !== null || input.rangesAreCheap;
}
