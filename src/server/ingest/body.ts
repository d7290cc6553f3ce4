/** A request's body as a source: of a known kind, counted, and not larger than allowed. */
import type { StoreObject } from '../../source/byte-input.ts';
import { unreadable } from '../../source/errors-in-file.ts';
import type { Compression, FileFormat } from '../../source/format-names.ts';
import type { OpenSource, RecordBatchSource } from '../../source/source.ts';
import type { Bytes } from '../../util/bytes.ts';
import { joinLocation } from '../../util/location.ts';
import type { SpillPlace } from '../../write/write-options.ts';
import { RequestProblem } from './problem.ts';

/** Null: by content. */
const FORMATS: ReadonlyMap<string, FileFormat | null> = new Map([
  ['application/vnd.apache.arrow.stream', 'arrow'],
  ['application/vnd.apache.arrow.file', 'arrow'],
  ['application/vnd.apache.parquet', 'parquet'],
  ['text/csv', 'csv'],
  ['text/tab-separated-values', 'csv'],
  ['application/json', 'json'],
  ['application/x-ndjson', 'json'],
  ['application/ndjson', 'json'],
  ['application/jsonl', 'json'],
  ['application/octet-stream', null],
]);

/** Of text, as all clients write them; ASCII is part of UTF-8. */
const CHARSETS: ReadonlySet<string> = new Set(['', 'utf-8', 'utf8', 'us-ascii']);

/** @throws RequestProblem 415 naming what can be sent; also for parameters that would be read as something else. */
export function formatOf(contentType: string): FileFormat | null {
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  const format = FORMATS.get(type);
  if (format === 'csv' || format === 'json') requireKnownText(parameters);
  if (format !== undefined) return format;
  const what = type === '' ? 'a request without Content-Type' : `content of type ${JSON.stringify(type.slice(0, 100))}`;
  const known = [...FORMATS.keys()].join(', ');
  throw new RequestProblem(415, 'UNSUPPORTED_MEDIA_TYPE', `${what} cannot be read; send one of ${known}`);
}

/** Rows in another charset, or a first row taken for names, would be stored wrongly. */
function requireKnownText(parameters: readonly string[]): void {
  const values = new Map(parameters.map((one) => [one.split('=')[0], one.split('=')[1]?.replaceAll('"', '') ?? '']));
  const charset = values.get('charset') ?? '';
  if (!CHARSETS.has(charset)) {
    const message = `text in charset ${JSON.stringify(charset.slice(0, 100))} cannot be read; send it as UTF-8`;
    throw new RequestProblem(415, 'UNSUPPORTED_MEDIA_TYPE', message);
  }
  if (values.get('header') === 'absent') {
    const message = 'CSV without a header (header=absent) cannot be read; begin it with a line of the column names';
    throw new RequestProblem(415, 'UNSUPPORTED_MEDIA_TYPE', message);
  }
}

/** By Content-Encoding (RFC 9110, section 8.4). */
const ENCODINGS: ReadonlyMap<string, Compression> = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['zstd', 'zstd'],
]);

/**
 * What the body must be compressed with; null: Content-Encoding says nothing of it.
 * @throws RequestProblem 415 for a coding that is not read, whose bytes would be taken for rows, and for several.
 */
export function compressionOf(contentEncoding: string): Compression | null {
  const codings = contentEncoding.split(',').map((coding) => coding.trim().toLowerCase());
  const [coding, ...more] = codings.filter((one) => one !== '' && one !== 'identity');
  if (coding === undefined) return null;
  const compression = ENCODINGS.get(coding);
  if (compression !== undefined && more.length === 0) return compression;
  const shown = JSON.stringify(contentEncoding.slice(0, 100));
  const message = `content encoded as ${shown} cannot be read; send it plain, or as gzip or zstd`;
  throw new RequestProblem(415, 'UNSUPPORTED_MEDIA_TYPE', message, { 'accept-encoding': 'gzip, zstd' });
}

export function tooLarge(maxBytes: number): RequestProblem {
  return new RequestProblem(413, 'BODY_TOO_LARGE', `the body is larger than the ${maxBytes} bytes this server takes`);
}

/** The source, which ends with 413 once it has more rows than allowed. */
export function withMaxRows(source: RecordBatchSource, maxRows: number): RecordBatchSource {
  return {
    name: source.name,
    replayable: source.replayable,
    sizeBytes: source.sizeBytes,
    open: async (options) => {
      const opened = await source.open(options);
      return Object.create(opened, { batches: { value: () => counted(opened, maxRows) } }) as OpenSource;
    },
  };
}

async function* counted(opened: OpenSource, maxRows: number) {
  let rows = 0;
  for await (const batch of opened.batches()) {
    rows += batch.numRows;
    if (rows > maxRows) {
      batch.free();
      throw new RequestProblem(413, 'TOO_MANY_ROWS', `the body has more than the ${maxRows} rows this server takes`);
    }
    yield batch;
  }
}

/** The body as an object of a store, for what cannot be read from a stream; `using` removes it. */
export async function spooled(
  chunks: AsyncIterable<Bytes>,
  { store, location }: SpillPlace,
  name: string,
  signal?: AbortSignal,
): Promise<StoreObject & AsyncDisposable> {
  const place = joinLocation(location, name);
  const upload = await store.openUpload(place, signal === undefined ? {} : { signal });
  try {
    for await (const chunk of received(chunks)) await upload.write(chunk.slice());
    await upload.finish();
  } catch (error) {
    await upload.abort();
    throw error;
  }
  return {
    store,
    location: place,
    [Symbol.asyncDispose]: async () => {
      // The load is done or failed already: what it is answered does not hang on a temporary file.
      await store.delete([place]).catch(() => {});
    },
  };
}

/** A body that breaks off is its sender's matter. */
async function* received(chunks: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, undefined> {
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw unreadable(error, 'the body', bytes);
  }
}
