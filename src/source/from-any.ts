/** One entry for whatever someone has in hand. */
import { IcestreamError } from '../errors.ts';
import type { Store } from '../storage/store.ts';
import { abortable } from '../util/abortable.ts';
import { defined } from '../util/defined.ts';
import { isObject } from '../util/is-object.ts';
import { defaultWorld } from '../util/world.ts';
import type { ByteInput, ByteSource, StoreObject } from './byte-input.ts';
import { endUnread } from './end-unread.ts';
import { FileSource } from './file-source.ts';
import { checkSourceOptions, type FromAnyOptions } from './from-any-options.ts';
import { blobInput, bytesInput } from './input-memory.ts';
import { storeInput } from './input-store.ts';
import { streamInput } from './input-stream.ts';
import { urlInput } from './input-url.ts';
import { type ManyOptions, unionSources } from './many.ts';
import type { SourceOptions } from './options.ts';
import { type Rows, rowsSource } from './rows.ts';
import type { OpenSource, OpenSourceOptions, RecordBatchSource } from './source.ts';

export type { FromAnyOptions } from './from-any-options.ts';

/** All files of a store that match a pattern: `{ store, glob: 's3://bucket/logs/2026-*.csv.gz' }`. */
export interface StoreGlob {
  readonly store: Store;
  readonly glob: string;
}

/**
 * What can be read: a source; a file's bytes (array, Blob, stream, async iterable, URL, object in a store); rows; a
 * list of these, as one source.
 */
export type SourceInput = RecordBatchSource | ByteSource | StoreGlob | string | Rows | readonly SourceInput[];

/**
 * A source of whatever is given. A stream or an iterable of bytes may use a chunk's memory again once the next one is
 * asked for. Formats (Arrow IPC, Parquet, CSV, JSON lines and arrays) and compression (gzip, zstd)
 * are recognised by content, then by name. A text is taken as an http(s) URL. Nothing is read before the source is
 * opened.
 * @throws IcestreamError INVALID_ARGUMENT, saying what can be passed; TypeError for an option that cannot be.
 */
export function fromAny(input: SourceInput, options: FromAnyOptions = {}): RecordBatchSource {
  checkSourceOptions(options);
  if (Array.isArray(input) && input.length > 0 && !isRow(input[0])) {
    return unionSources(
      (input as readonly SourceInput[]).map((one) => fromAny(one, perFile(options))),
      manyOptions(options),
    );
  }
  const bytes = byteInput(input, options);
  if (bytes !== null) return fileOf(bytes, options);
  if (isSource(input)) return input;
  if (isObject(input) && 'store' in input && 'glob' in input) return globSource(input as StoreGlob, options);
  if (isObject(input) && Symbol.asyncIterator in input)
    return new IterableSource(input as AsyncIterable<unknown>, options);
  if (isObject(input) && Symbol.iterator in input) return rowsSource(input as Rows, options);
  throw cannotRead(input);
}

/** One file, with the columns of its path where they are wanted. */
function fileOf(input: ByteInput, options: FromAnyOptions): RecordBatchSource {
  const file = new FileSource(input, options);
  return options.hivePartitioning === true ? unionSources([file], manyOptions(options)) : file;
}

/** Files of a store by pattern; the listing is made when the source is opened. */
function globSource({ store, glob }: StoreGlob, options: FromAnyOptions = {}): RecordBatchSource {
  const name = options.name ?? glob;
  let listed: RecordBatchSource | null = null;
  return {
    name,
    replayable: true,
    get sizeBytes() {
      return listed?.sizeBytes ?? null;
    },
    async open(open) {
      const { expandGlob } = await import('./glob.ts');
      const files = await expandGlob(store, glob, open.signal);
      const sources = files.map(
        ({ location, sizeBytes }) =>
          new FileSource(storeInput({ store, location }, location, sizeBytes), perFile(options)),
      );
      listed = unionSources(sources, { ...manyOptions(options), name });
      return listed.open(open);
    },
  };
}

/** The bytes of an input that is bytes; null: it is something else. */
function byteInput(input: unknown, options: SourceOptions): ByteInput | null {
  const { name, headers, world = defaultWorld } = options;
  if (input instanceof Uint8Array || input instanceof ArrayBuffer) return bytesInput(input, name);
  if (typeof Blob !== 'undefined' && input instanceof Blob) return blobInput(input, name);
  if (input instanceof ReadableStream) return streamInput(input, name);
  if (input instanceof URL) return urlInput(input, { world, name, headers });
  if (typeof input === 'string') return urlInput(urlOf(input), { world, name, headers });
  if (isObject(input) && 'store' in input && 'location' in input)
    return storeInput(input as unknown as StoreObject, name);
  return null;
}

function urlOf(text: string): URL {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return new URL(text);
  throw new IcestreamError(
    'INVALID_ARGUMENT',
    'a text is read as an http(s) URL, and this is none; pass { store, location } for a file in a store or on disk, ' +
      'or new Blob([text]) for data',
    { option: 'input' },
  );
}

/** An async iterable: of bytes or of rows, as its first item says. */
class IterableSource implements RecordBatchSource {
  readonly name: string;
  readonly replayable = false;
  readonly sizeBytes = null;
  readonly #items: AsyncIterable<unknown>;
  readonly #options: FromAnyOptions;
  #taken = false;

  constructor(items: AsyncIterable<unknown>, options: FromAnyOptions) {
    this.name = options.name ?? 'stream';
    this.#items = items;
    this.#options = options;
  }

  cancel(reason: unknown): void {
    if (this.#taken) return;
    this.#taken = true;
    endUnread(this.#items, reason);
  }

  async open(open: OpenSourceOptions): Promise<OpenSource> {
    this.#taken = true;
    const iterator = this.#items[Symbol.asyncIterator]();
    let first: Promise<IteratorResult<unknown>> | null = iterator.next();
    const again: AsyncIterable<unknown> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          const next = first ?? iterator.next();
          first = null;
          return next;
        },
        return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
      }),
    };
    // A failure of the first read is reported by whoever reads it again.
    const seen = first.then(
      ({ value }) => value,
      () => undefined,
    );
    const item = await abortable(seen, open.signal).catch((reason) => {
      void Promise.resolve(iterator.return?.()).catch(() => {});
      throw reason;
    });
    const bytes = item instanceof Uint8Array || item instanceof ArrayBuffer || typeof item === 'string';
    const options = { ...this.#options, name: this.name };
    if (bytes) return fileOf(streamInput(again as AsyncIterable<Uint8Array>, this.name), options).open(open);
    return rowsSource(again as Rows, options).open(open);
  }
}

function perFile({ name: _, ...options }: FromAnyOptions): SourceOptions {
  const { unionByName: _u, hivePartitioning: _h, ...rest } = options;
  return rest;
}

function manyOptions(options: FromAnyOptions): ManyOptions {
  const { name, unionByName, hivePartitioning, maxBadRows, columns, schema } = options;
  return defined({ name, unionByName, hivePartitioning, maxBadRows, columns, schema });
}

function isSource(value: unknown): value is RecordBatchSource {
  return isObject(value) && typeof value['open'] === 'function' && 'replayable' in value && 'sizeBytes' in value;
}

/** A plain row, as against an input in a list of inputs. */
function isRow(value: unknown): boolean {
  if (!isObject(value) || Array.isArray(value) || isSource(value)) return false;
  if (value instanceof Map) return true;
  if (Symbol.asyncIterator in value || Symbol.iterator in value || 'store' in value) return false;
  const bytes = value instanceof ArrayBuffer || value instanceof URL || value instanceof ReadableStream;
  return !bytes && !(typeof Blob !== 'undefined' && value instanceof Blob);
}

function cannotRead(input: unknown): IcestreamError {
  const what = input === null ? 'null' : Array.isArray(input) ? 'an empty list' : `a ${typeof input}`;
  return new IcestreamError(
    'INVALID_ARGUMENT',
    `${what} cannot be read as a source; pass bytes, a Blob or File, a stream, an async iterable of bytes or rows, an ` +
      'array of rows, a URL, { store, location }, { store, glob }, or a list of these (Arrow JS tables: icestream/arrow)',
    { option: 'input' },
  );
}
