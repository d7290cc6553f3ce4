/** One file of any format as a source. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { arrowFileStream, lacksSchemaMessage, schemaAtTheEnd } from './arrow-file.ts';
import { openArrowIpc } from './arrow-ipc.ts';
import type { ByteInput } from './byte-input.ts';
import { ByteStream } from './byte-stream.ts';
import { givenSchema } from './column-types.ts';
import { openCsv } from './csv.ts';
import { decompressed } from './decompress.ts';
import {
  type FileFormat,
  formatByName,
  isCompressedName,
  isTabbed,
  refuseRemains,
  SNIFF_BYTES,
  type Sniffed,
  sniff,
  sniffCompression,
} from './detect-format.ts';
import { inFile, unreadable } from './errors-in-file.ts';
import type { FileContext } from './file-context.ts';
import { openJson } from './json.ts';
import type { SourceOptions } from './options.ts';
import { openParquet, openSpooledParquet } from './parquet.ts';
import { RejectCounter } from './rejects.ts';
import { selectColumns } from './select-columns.ts';
import type { OpenSource, OpenSourceOptions, RecordBatchSource } from './source.ts';
import { toUtf8 } from './utf16.ts';

/** Archives inside archives are not unpacked for ever. */
const MAX_LAYERS = 2;

/** A source over bytes; `rejects` is shared when the file is one of many. */
export class FileSource implements RecordBatchSource {
  readonly name: string;
  readonly replayable: boolean;
  readonly #input: ByteInput;
  readonly #options: SourceOptions;
  readonly #given: ArrowSchema | null;

  constructor(input: ByteInput, options: SourceOptions = {}) {
    this.name = options.name ?? input.name;
    this.replayable = input.replayable;
    this.#input = input;
    this.#options = options;
    this.#given = givenSchema(options);
    // A wrong limit is an error at once, not when rows are read.
    new RejectCounter(options.maxBadRows);
  }

  get sizeBytes(): number | null {
    return this.#input.sizeBytes;
  }

  open(open: OpenSourceOptions): Promise<OpenSource> {
    return this.openWith(open, new RejectCounter(this.#options.maxBadRows));
  }

  /** As `open`, with a counter of rejects that belongs to several files. */
  async openWith(open: OpenSourceOptions, rejects: RejectCounter): Promise<OpenSource> {
    const { name } = this;
    const context: FileContext = { name, options: this.#options, open, rejects, given: this.#given };
    open.signal?.throwIfAborted();
    const byRange = await this.#openByRange(context);
    if (byRange !== null) return byRange;
    const stream = this.#stream(context);
    try {
      return await this.#openStream(stream, context);
    } catch (error) {
      await stream.cancel();
      throw inFile(error, name);
    }
  }

  #stream({ name, open }: FileContext, chunks: AsyncIterable<Bytes> = this.#input.stream(open.signal)): ByteStream {
    const { lease, signal, onBytesRead } = open;
    return new ByteStream(chunks, { name, lease, signal, onBytesRead });
  }

  /** What its name or the caller says is read by ranges; null: it is not, or its first bytes say otherwise. */
  async #openByRange(context: FileContext): Promise<OpenSource | null> {
    const { format, compression = 'none' } = this.#options;
    if (compression !== 'none' || isCompressedName(this.name)) return null;
    const hinted = format ?? formatByName(this.name);
    if (hinted === 'csv' || hinted === 'json') return null;
    if (hinted === null && !this.#input.rangesAreCheap) return null;
    return this.#ranged(context);
  }

  /** Parquet, or an Arrow file without a schema in front, by ranges; null: something else, or there are none. */
  async #ranged(context: FileContext): Promise<OpenSource | null> {
    const { signal } = context.open;
    try {
      const file = await this.#input.ranges(signal);
      if (file === null || file.sizeBytes === 0) return null;
      const head = await file.read(0, Math.min(file.sizeBytes, SNIFF_BYTES), signal);
      if (isParquet(head)) return await openParquet(file, context);
      if (!lacksSchemaMessage(head)) return null;
      const chunks = arrowFileStream(file, this.name, signal);
      return await this.#selected(await openArrowIpc(this.#stream(context, chunks), context), context);
    } catch (error) {
      signal?.throwIfAborted();
      throw unreadable(error, this.name, 0);
    }
  }

  async #openStream(first: ByteStream, context: FileContext): Promise<OpenSource> {
    const { format, compression } = this.#options;
    const told = compression === undefined || compression === 'none' ? null : compression;
    let stream = told === null ? first : decompressed(first, told, context.open);
    try {
      for (let layer = 0; ; layer++) {
        const head = await stream.peek(SNIFF_BYTES);
        if (stream === first && this.replayable && (isParquet(head) || lacksSchemaMessage(head))) {
          await stream.cancel();
          const ranged = await this.#ranged(context);
          if (ranged !== null) return ranged;
          stream = this.#stream(context);
        }
        const found = recognise(head, this.name, format);
        if ('format' in found) return await this.#openFormat(stream, found, context);
        if (compression === 'none' || layer === MAX_LAYERS) throw this.#compressed(found.compression);
        stream = decompressed(stream, found.compression, context.open);
      }
    } catch (error) {
      await stream.cancel();
      throw error;
    }
  }

  #compressed(codec: string): IcestreamError {
    const why =
      this.#options.compression === 'none'
        ? "though the option compression says 'none'"
        : `more than ${MAX_LAYERS} times over`;
    return new IcestreamError('SOURCE_UNREADABLE', `${this.name}: the bytes are compressed with ${codec}, ${why}`, {
      file: this.name,
      option: 'compression',
    });
  }

  /** Parquet and JSON read no other columns than those that are asked for; of the others they are left out here. */
  #selected(source: OpenSource, { open }: FileContext): Promise<OpenSource> {
    return selectColumns(source, this.#options.columns, open.engine, this.name);
  }

  async #openArrow(stream: ByteStream, context: FileContext): Promise<OpenSource> {
    if (lacksSchemaMessage(await stream.peek(SNIFF_BYTES))) throw schemaAtTheEnd(this.name);
    return this.#selected(await openArrowIpc(stream, context), context);
  }

  async #openJson(stream: ByteStream, context: FileContext): Promise<OpenSource> {
    const text = await toUtf8(stream, context.open);
    try {
      return await openJson(text, context);
    } catch (error) {
      await text.cancel();
      throw error;
    }
  }

  #openFormat(
    stream: ByteStream,
    { format, tabs }: Extract<Sniffed, { format: unknown }>,
    context: FileContext,
  ): Promise<OpenSource> {
    switch (format) {
      case 'arrow':
        return this.#openArrow(stream, context);
      case 'parquet':
        return openSpooledParquet(stream, context);
      case 'json':
        return this.#openJson(stream, context);
      case 'csv':
        return openCsv(stream, context, tabs ?? false).then((source) => this.#selected(source, context));
    }
  }
}

/** `PAR1`. */
function isParquet(head: Uint8Array): boolean {
  return String.fromCharCode(...head.subarray(0, 4)) === 'PAR1';
}

/** A format that is given is believed; compression is recognised all the same. */
function recognise(head: Uint8Array, name: string, format: FileFormat | undefined): Sniffed {
  if (format === undefined || head.length === 0) return sniff(head, name);
  const compression = sniffCompression(head);
  if (compression !== null) return { compression };
  refuseRemains(head, name);
  return { format, ...(isTabbed(name) ? { tabs: true } : {}) };
}
