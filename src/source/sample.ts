/** The first bytes of text, that its layout and types are taken from. */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import type { ByteStream } from './byte-stream.ts';
import type { FileContext } from './file-context.ts';
import { DEFAULT_SAMPLE_BYTES, MIN_SAMPLE_BYTES } from './options.ts';

/** The engine takes no longer rows. */
const MOST_ROW_BYTES = 16 * 1024 * 1024;

export interface Sample {
  readonly bytes: Bytes;
  /** Whether nothing follows: else the last row may be cut off. */
  readonly whole: boolean;
}

/**
 * What `infer` finds in as many bytes as the options say, or, where no row ends within them, as one row takes.
 * @throws IcestreamError SOURCE_CORRUPT when there is none within 16 MiB or 1/16 of the memory limit.
 */
export async function inferred<
  T extends { readonly rows: number; readonly schema: { readonly fields: readonly unknown[] } },
>(
  stream: ByteStream,
  { options, open }: Pick<FileContext, 'options' | 'open'>,
  infer: (sample: Sample) => T,
): Promise<T> {
  const most = Math.min(MOST_ROW_BYTES, open.lease.limitBytes / 16);
  for (let length = Math.max(options.sampleBytes ?? DEFAULT_SAMPLE_BYTES, MIN_SAMPLE_BYTES); ; length *= 2) {
    const whole = await stream.endsWithin(length);
    const found = infer({ bytes: await stream.peek(length), whole });
    if (found.rows > 0 || whole) return found;
    if (2 * length <= most) continue;
    // CSV whose header is all there is room for has names.
    if (found.schema.fields.length > 0) return found;
    throw new IcestreamError('SOURCE_CORRUPT', `no record ends within the first ${length} bytes`);
  }
}
