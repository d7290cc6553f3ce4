/** Opens one file: recognises its format and undoes its compression. `FileSource` loads it when it is opened. */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { onDemand } from '../util/on-demand.ts';
import type { ByteInput } from './byte-input.ts';
import { ByteStream } from './byte-stream.ts';
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
import type { OpenSource } from './source.ts';

const arrowModule = () => onDemand(import('./arrow.ts'));
const parquetModule = () => onDemand(import('./parquet.ts'));
const textModule = () => onDemand(import('./text.ts'));

/** Archives inside archives are not unpacked for ever. */
const MAX_LAYERS = 2;

/** @throws IcestreamError SOURCE_*, SCHEMA_MISMATCH, INVALID_VALUE, with the file's name. */
export function openFile(input: ByteInput, context: FileContext): Promise<OpenSource> {
  return new FileOpening(input, context).open();
}

class FileOpening {
  readonly #name: string;
  readonly #input: ByteInput;
  readonly #context: FileContext;

  constructor(input: ByteInput, context: FileContext) {
    this.#name = context.name;
    this.#input = input;
    this.#context = context;
  }

  async open(): Promise<OpenSource> {
    this.#context.open.signal?.throwIfAborted();
    const byRange = await this.#openByRange();
    if (byRange !== null) return byRange;
    const stream = this.#stream();
    try {
      return await this.#openStream(stream);
    } catch (error) {
      await stream.cancel();
      throw inFile(error, this.#name);
    }
  }

  #stream(chunks?: AsyncIterable<Bytes>): ByteStream {
    const { lease, signal, onBytesRead } = this.#context.open;
    return new ByteStream(chunks ?? this.#input.stream(signal), { name: this.#name, lease, signal, onBytesRead });
  }

  /** What its name or the caller says is read by ranges; null: it is not, or its first bytes say otherwise. */
  async #openByRange(): Promise<OpenSource | null> {
    const { format, compression = 'none' } = this.#context.options;
    if (compression !== 'none' || isCompressedName(this.#name)) return null;
    const hinted = format ?? formatByName(this.#name);
    if (hinted === 'csv' || hinted === 'json') return null;
    if (hinted === null && !this.#input.rangesAreCheap) return null;
    return this.#ranged();
  }

  /** Parquet, or an Arrow file without a schema in front, by ranges; null: something else, or there are none. */
  async #ranged(): Promise<OpenSource | null> {
    const { signal } = this.#context.open;
    try {
      const file = await this.#input.ranges(signal);
      if (file === null || file.sizeBytes === 0) return null;
      const head = await file.read(0, Math.min(file.sizeBytes, SNIFF_BYTES), signal);
      if (isParquet(head)) {
        const { openParquet } = await parquetModule();
        return await openParquet(file, this.#context);
      }
      if (!(await isFooterOnly(head))) return null;
      const { arrowFileStream, openArrowIpc } = await arrowModule();
      const chunks = arrowFileStream(file, this.#name, signal);
      return await this.#selected(() => openArrowIpc(this.#stream(chunks), this.#context));
    } catch (error) {
      signal?.throwIfAborted();
      throw unreadable(error, this.#name, 0);
    }
  }

  async #openStream(first: ByteStream): Promise<OpenSource> {
    const { format, compression } = this.#context.options;
    const told = compression === undefined || compression === 'none' ? null : compression;
    let stream = told === null ? first : decompressed(first, told, this.#context.open);
    try {
      for (let layer = 0; ; layer++) {
        const head = await stream.peek(SNIFF_BYTES);
        if (stream === first && this.#input.replayable && (isParquet(head) || (await isFooterOnly(head)))) {
          await stream.cancel();
          const ranged = await this.#ranged();
          if (ranged !== null) return ranged;
          stream = this.#stream();
        }
        const found = recognise(head, this.#name, format);
        if ('format' in found) return await this.#openFormat(stream, found);
        if (compression === 'none' || layer === MAX_LAYERS) throw this.#compressed(found.compression);
        stream = decompressed(stream, found.compression, this.#context.open);
      }
    } catch (error) {
      await stream.cancel();
      throw error;
    }
  }

  #compressed(codec: string): IcestreamError {
    const why =
      this.#context.options.compression === 'none'
        ? "though the option compression says 'none'"
        : `more than ${MAX_LAYERS} times over`;
    return new IcestreamError('SOURCE_UNREADABLE', `${this.#name}: the bytes are compressed with ${codec}, ${why}`, {
      file: this.#name,
      option: 'compression',
    });
  }

  /** Parquet and JSON read no other columns than those that are asked for; of the others they are left out here. */
  async #selected(open: () => Promise<OpenSource>): Promise<OpenSource> {
    const { columns } = this.#context.options;
    if (columns === undefined) return open();
    const { selectColumns } = await onDemand(import('./select-columns.ts'));
    return selectColumns(await open(), columns, this.#context.open.engine, this.#name);
  }

  async #openArrow(stream: ByteStream): Promise<OpenSource> {
    const { lacksSchemaMessage, openArrowIpc, schemaAtTheEnd } = await arrowModule();
    if (lacksSchemaMessage(await stream.peek(SNIFF_BYTES))) throw schemaAtTheEnd(this.#name);
    return this.#selected(() => openArrowIpc(stream, this.#context));
  }

  async #openJson(stream: ByteStream): Promise<OpenSource> {
    const { openJson, toUtf8 } = await textModule();
    const text = await toUtf8(stream, this.#context.open);
    try {
      return await openJson(text, this.#context);
    } catch (error) {
      await text.cancel();
      throw error;
    }
  }

  async #openFormat(stream: ByteStream, { format, tabs }: Extract<Sniffed, { format: unknown }>): Promise<OpenSource> {
    switch (format) {
      case 'arrow':
        return this.#openArrow(stream);
      case 'parquet': {
        const { openSpooledParquet } = await parquetModule();
        return openSpooledParquet(stream, this.#context);
      }
      case 'json':
        return this.#openJson(stream);
      case 'csv': {
        const { openCsv } = await textModule();
        return this.#selected(() => openCsv(stream, this.#context, tabs ?? false));
      }
    }
  }
}

/** `PAR1`. */
function isParquet(head: Uint8Array): boolean {
  return String.fromCharCode(...head.subarray(0, 4)) === 'PAR1';
}

/** Whether it is an Arrow file whose schema stands in its footer only. */
async function isFooterOnly(head: Uint8Array): Promise<boolean> {
  if (String.fromCharCode(...head.subarray(0, 6)) !== 'ARROW1') return false;
  const { lacksSchemaMessage } = await arrowModule();
  return lacksSchemaMessage(head);
}

/** A format that is given is believed; compression is recognised all the same. */
function recognise(head: Uint8Array, name: string, format: FileFormat | undefined): Sniffed {
  if (format === undefined || head.length === 0) return sniff(head, name);
  const compression = sniffCompression(head);
  if (compression !== null) return { compression };
  refuseRemains(head, name);
  return { format, ...(isTabbed(name) ? { tabs: true } : {}) };
}
