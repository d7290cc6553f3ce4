/** The first bytes of text, that its layout and types are taken from. */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import type { MemoryLease } from '../util/memory-budget.ts';
import type { ByteStream } from './byte-stream.ts';
import type { FileContext } from './file-context.ts';
import { DEFAULT_SAMPLE_BYTES, MIN_SAMPLE_BYTES } from './options.ts';

/** The engine takes no longer rows. */
const MOST_ROW_BYTES = 16 * 1024 * 1024;
/** No more than one part in so many of the limit is looked at. */
const LIMIT_SHARE = 16;

export interface Sample {
  readonly bytes: Bytes;
  /** Whether nothing follows: else the last row may be cut off. */
  readonly whole: boolean;
}

/**
 * What `infer` finds in as many bytes as the options say, or, where no row ends within them, as one row takes.
 * @param endless What text without an end to its first row may be, for the message.
 * @throws IcestreamError with the line of the record: SOURCE_CORRUPT when there is none within 16 MiB, MEMORY_LIMIT_TOO_SMALL when there is none within
 * 1/16 of the limit.
 */
export async function inferred<
  T extends {
    readonly rows: number;
    readonly nextLine: number;
    readonly schema: { readonly fields: readonly unknown[] };
  },
>(
  stream: ByteStream,
  { options, open }: Pick<FileContext, 'options' | 'open'>,
  infer: (sample: Sample) => T,
  endless: string,
): Promise<T> {
  const most = Math.min(MOST_ROW_BYTES, open.lease.limitBytes / LIMIT_SHARE);
  for (let length = Math.max(options.sampleBytes ?? DEFAULT_SAMPLE_BYTES, MIN_SAMPLE_BYTES); ; length *= 2) {
    const whole = await stream.endsWithin(length);
    const found = infer({ bytes: await stream.peek(length), whole });
    if (found.rows > 0 || whole) return found;
    if (2 * length <= most) continue;
    // CSV whose header is all there is room for has names.
    if (found.schema.fields.length > 0) return found;
    const line = found.nextLine;
    const message = `line ${line}: no record ends within the first ${length} bytes: ${endless}`;
    if (2 * length > MOST_ROW_BYTES) {
      throw new IcestreamError(
        'SOURCE_CORRUPT',
        `${message}; rows of more than ${MOST_ROW_BYTES} bytes cannot be read`,
        { line },
      );
    }
    throw limitTooSmall(message, line, open.lease, LIMIT_SHARE * 2 * length);
  }
}

/** Where a longer record would be looked for if there were more memory. */
function limitTooSmall(message: string, line: number, lease: MemoryLease, leaseBytes: number): IcestreamError {
  const neededBytes = lease.limitFor(leaseBytes);
  return new IcestreamError(
    'MEMORY_LIMIT_TOO_SMALL',
    `${message}, and memoryLimitBytes ${lease.limitFor(lease.limitBytes)} lets no more be looked at; if the file is what it seems, set it to ` +
      `at least ${neededBytes}`,
    { option: 'memoryLimitBytes', neededBytes, line },
  );
}
