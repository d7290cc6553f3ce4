/**
 * parquet-wasm behind the encoder contract: for people who have it loaded already, and as a second opinion. It is
 * given by the caller, never imported. What it cannot do is refused (UNSUPPORTED) or stated here: it cuts row groups
 * by rows; it sets no codec levels, page row limits or bloom filters; it has no logical type for uuid and counts no
 * NaNs; `dictionary: 'auto'` means off; the footer carries an `ARROW:schema`; a file needs at least one row.
 */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { concatBytes } from '../util/encoding.ts';
import type { ArrowField, ArrowType } from './arrow-schema.ts';
import type { Codec, EncodedFile, Encoder, EncoderOptions } from './encoder.ts';
import type { Batch, Engine } from './engine.ts';
import type { ParquetFooter } from './footer.ts';

interface PropertiesBuilder {
  build(): unknown;
  setCompression(codec: number): PropertiesBuilder;
  setDataPageSizeLimit(bytes: number): PropertiesBuilder;
  setDictionaryPageSizeLimit(bytes: number): PropertiesBuilder;
  setDictionaryEnabled(on: boolean): PropertiesBuilder;
  setColumnDictionaryEnabled(column: string, on: boolean): PropertiesBuilder;
  setColumnStatisticsEnabled(column: string, level: number): PropertiesBuilder;
  setStatisticsEnabled(level: number): PropertiesBuilder;
  setMaxRowGroupSize(rows: number): PropertiesBuilder;
  setCreatedBy(text: string): PropertiesBuilder;
  setKeyValueMetadata(metadata: Map<string, string>): PropertiesBuilder;
}

interface ForeignBatch {
  free(): void;
}

/** What is used of the parquet-wasm module (0.8), already initialised. */
export interface ParquetWasmModule {
  readonly WriterPropertiesBuilder: new () => PropertiesBuilder;
  readonly Table: {
    fromIPCStream(bytes: Uint8Array): { recordBatches(): ForeignBatch[]; free(): void };
  };
  transformParquetStream(stream: ReadableStream, properties: never): Promise<ReadableStream>;
}

export interface ParquetWasmEncoderSetup {
  readonly parquetWasm: ParquetWasmModule;
  /** Cuts batches and reads the footer back. */
  readonly engine: Engine;
  /** Rows of a row group. Default 131,072. */
  readonly rowGroupRows?: number;
}

const CODECS: Record<Codec, number> = { uncompressed: 0, snappy: 1, gzip: 2, zstd: 5, lz4_raw: 6 };
const STATISTICS_NONE = 0;
const STATISTICS_CHUNK = 1;
/** Rows of a piece: with fixed pieces the file does not depend on how rows came in. */
const PIECE_ROWS = 8192;
/** Enough for the footer reader's first request. */
const TAIL_BYTES = 65_536;

/** A factory for `WriteOptions.encoder`. */
export function parquetWasmEncoder(setup: ParquetWasmEncoderSetup): (options: EncoderOptions) => Encoder {
  return (options) => new ParquetWasmEncoder(setup, options);
}

function unsupported(option: string, text: string): IcestreamError {
  return new IcestreamError('UNSUPPORTED', `parquet-wasm ${text}; use the engine's own encoder`, { option });
}

function checkField(field: ArrowField, path: string): void {
  if (field.extension === 'arrow.uuid') throw unsupported('schema', `writes column ${path} without its uuid type`);
  const type: ArrowType = field.type;
  const child = (inner: ArrowField, name: string) => {
    if (inner.name !== name) throw unsupported('schema', `keeps the name ${inner.name} of ${path} (not ${name})`);
    checkField(inner, `${path}.${name}`);
  };
  if (type.kind === 'list') child(type.element, 'element');
  if (type.kind === 'map') {
    child(type.key, 'key');
    child(type.value, 'value');
  }
  if (type.kind === 'struct') for (const inner of type.fields) checkField(inner, `${path}.${inner.name}`);
}

function propertiesOf(setup: ParquetWasmEncoderSetup, options: EncoderOptions): never {
  for (const field of options.schema.fields) checkField(field, field.name);
  if (options.encoding !== 'default') throw unsupported('encoding', 'is used with the default encodings only');
  if (options.level !== null && !(options.codec === 'zstd' && options.level === 1)) {
    throw unsupported('level', 'takes no codec level (zstd is level 1)');
  }
  let builder = new setup.parquetWasm.WriterPropertiesBuilder()
    .setCompression(CODECS[options.codec])
    .setDataPageSizeLimit(options.pageSizeBytes)
    .setDictionaryPageSizeLimit(options.dictionarySizeBytes)
    .setDictionaryEnabled(false)
    .setStatisticsEnabled(STATISTICS_CHUNK)
    .setMaxRowGroupSize(setup.rowGroupRows ?? 131_072)
    .setCreatedBy('icestream (parquet-wasm)')
    .setKeyValueMetadata(new Map(options.keyValueMetadata ?? []));
  for (const [path, column] of options.columns ?? []) {
    if (column.bloomFilter !== undefined) throw unsupported('bloomFilter', 'writes no bloom filters');
    if (column.dictionary === 'on') builder = builder.setColumnDictionaryEnabled(path, true);
    if (column.statistics === false) builder = builder.setColumnStatisticsEnabled(path, STATISTICS_NONE);
  }
  return builder.build() as never;
}

class ParquetWasmEncoder implements Encoder {
  readonly cutsWhereTold = false;
  readonly #setup: ParquetWasmEncoderSetup;
  readonly #schemaText: string;
  readonly #properties: never;
  #input: ReadableStreamDefaultController<ForeignBatch> | undefined;
  /** Wakes whoever waits for the writer to ask for its next batch. */
  #asked: (() => void) | undefined;
  #wanted = false;
  #done: Promise<void> | undefined;
  #failure: unknown;
  #chunks: Bytes[] = [];
  #tail: Bytes = new Uint8Array(0);
  #rest: Batch | null = null;
  #rows = 0;
  #sizeBytes = 0;
  #ended = false;

  constructor(setup: ParquetWasmEncoderSetup, options: EncoderOptions) {
    this.#setup = setup;
    this.#properties = propertiesOf(setup, options);
    this.#schemaText = JSON.stringify(options.schema);
  }

  async *writeRowGroup(batches: readonly Batch[]): AsyncGenerator<Bytes, void, undefined> {
    try {
      this.#requireOpen();
      // A batch of another schema would be dropped in silence.
      for (const batch of batches) {
        if (canonical(JSON.stringify(batch.schema)) !== canonical(this.#schemaText)) {
          throw new IcestreamError('SCHEMA_MISMATCH', "a batch has another schema than the encoder's; align it first");
        }
      }
    } catch (error) {
      for (const batch of batches) batch.free();
      throw error;
    }
    const given = batches.filter((batch) => batch.numRows > 0);
    for (const batch of batches) if (batch.numRows === 0) batch.free();
    const all = this.#rest === null ? given : [this.#rest, ...given];
    this.#rest = null;
    if (all.length > 0) {
      const joined = this.#setup.engine.concat(all);
      let at = 0;
      try {
        for (; joined.numRows - at >= PIECE_ROWS; at += PIECE_ROWS) {
          using piece = joined.slice(at, PIECE_ROWS);
          await this.#feed(piece);
        }
        if (at < joined.numRows) this.#rest = joined.slice(at, joined.numRows - at);
      } finally {
        joined.free();
      }
    }
    yield this.#take();
  }

  async finish(): Promise<EncodedFile> {
    this.#requireOpen();
    using rest = this.#rest;
    this.#rest = null;
    if (rest !== null) await this.#feed(rest);
    this.#ended = true;
    if (this.#input === undefined) throw unsupported('encoder', 'cannot write a file without rows');
    this.#input.close();
    await this.#done;
    if (this.#failure !== undefined) throw this.#failed();
    const bytes = this.#take();
    const footer = await this.#readFooter();
    if (footer.numRows !== this.#rows) {
      throw new IcestreamError(
        'ROW_COUNT_MISMATCH',
        `parquet-wasm wrote ${footer.numRows} rows of ${this.#rows} that it was given; the file must not be used`,
      );
    }
    return { bytes, footer };
  }

  free(): void {
    this.#rest?.free();
    this.#rest = null;
    if (!this.#ended) this.#input?.error(new Error('the encoder was freed'));
    this.#ended = true;
  }

  [Symbol.dispose](): void {
    this.free();
  }

  #requireOpen(): void {
    if (this.#failure !== undefined) throw this.#failed();
    if (this.#ended) throw new IcestreamError('INVALID_ARGUMENT', 'the encoder was finished or freed before');
  }

  #failed(): IcestreamError {
    const text = this.#failure instanceof Error ? this.#failure.message : String(this.#failure);
    return new IcestreamError('ENGINE_FAILED', `parquet-wasm failed: ${text}`, { cause: this.#failure });
  }

  /** Hands over one batch and waits until the writer asks for the next. */
  async #feed(batch: Batch): Promise<void> {
    // Without freeing the table its memory stays.
    const table = this.#setup.parquetWasm.Table.fromIPCStream(batch.toIpc());
    const pieces = table.recordBatches();
    table.free();
    this.#start();
    for (const piece of pieces) {
      await this.#untilAsked();
      this.#wanted = false;
      this.#input?.enqueue(piece);
    }
    this.#rows += batch.numRows;
    await this.#untilAsked();
  }

  async #untilAsked(): Promise<void> {
    if (!this.#wanted) {
      await new Promise<void>((resolve) => {
        this.#asked = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failed();
  }

  #start(): void {
    if (this.#done !== undefined) return;
    const input = new ReadableStream<ForeignBatch>(
      {
        start: (controller) => {
          this.#input = controller;
        },
        pull: () => {
          this.#wanted = true;
          this.#asked?.();
        },
      },
      { highWaterMark: 0 },
    );
    this.#done = this.#pump(input).catch((error: unknown) => {
      this.#failure = error ?? new Error('unknown');
      this.#asked?.();
    });
  }

  async #pump(input: ReadableStream<ForeignBatch>): Promise<void> {
    const output = await this.#setup.parquetWasm.transformParquetStream(input, this.#properties);
    const reader = output.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#chunks.push(value as Bytes);
    }
  }

  #take(): Bytes {
    const chunks = this.#chunks;
    this.#chunks = [];
    const bytes = concatBytes(chunks);
    this.#sizeBytes += bytes.length;
    // Small chunks may come one by one: the tail is kept over them, as far back as a reader of the footer looks.
    // It is a copy: whoever takes the bytes may give their memory back.
    this.#tail = (bytes.length >= TAIL_BYTES ? bytes : concatBytes([this.#tail, bytes])).slice(-TAIL_BYTES);
    return bytes;
  }

  async #readFooter(): Promise<ParquetFooter> {
    const start = this.#sizeBytes - this.#tail.length;
    const read = (from: number, to: number) => Promise.resolve(this.#tail.slice(from - start, to - start));
    using reader = await this.#setup.engine.openParquet({ sizeBytes: this.#sizeBytes, read });
    return reader.footer;
  }
}

/** Key order and absent properties apart. */
function canonical(json: string): string {
  return JSON.stringify(JSON.parse(json), (_, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
      : value,
  );
}
