/** Reads Avro object container files block by block (Avro 1.12 specification, Object Container Files). */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { concatBytes } from '../util/encoding.ts';
import { parseJson } from '../util/json.ts';
import { ByteReader, corrupt } from './byte-reader.ts';
import { blockDecompressor, type ExtraCodecs } from './codec.ts';
import { type AvroValue, compileDecoder, type ReadShape } from './decode.ts';
import { type AvroSchema, parseAvroSchema } from './schema.ts';

export interface AvroReadOptions {
  /** Decompressors for codecs other than null, deflate and snappy. */
  readonly codecs?: ExtraCodecs;
  /** Largest block, compressed or not. Default 64 MiB. */
  readonly maxBlockBytes?: number;
  /** The file's location, for errors. */
  readonly file?: string;
}

const MAGIC = [0x4f, 0x62, 0x6a, 0x01];
/** `AGS1`: Iceberg's AES GCM stream format. */
const ENCRYPTED_MAGIC = [0x41, 0x47, 0x53, 0x31];
const SYNC_BYTES = 16;
const MAX_HEADER_BYTES = 64 * 1024 * 1024;
const DEFAULT_MAX_BLOCK_BYTES = 64 * 1024 * 1024;
const MAX_VARINT_BYTES = 10;
/** How deep a schema in a header may nest. */
const MAX_JSON_DEPTH = 400;

/** An open file: its header, and its records as they are read. */
export class AvroFile {
  readonly schema: AvroSchema;
  /** File metadata: `avro.schema`, `avro.codec`, and what the writer added. */
  readonly metadata: ReadonlyMap<string, Bytes>;
  readonly #source: ByteSource;
  readonly #sync: Bytes;
  readonly #options: AvroReadOptions;

  constructor(source: ByteSource, metadata: ReadonlyMap<string, Bytes>, sync: Bytes, options: AvroReadOptions) {
    this.#source = source;
    this.#sync = sync;
    this.#options = options;
    this.metadata = metadata;
    const schema = this.text('avro.schema');
    if (schema === null) throw corrupt('it has no schema');
    this.schema = parseAvroSchema(parseJson(schema, { maxDepth: MAX_JSON_DEPTH }));
  }

  /** A metadata entry as text. */
  text(key: string): string | null {
    const value = this.metadata.get(key);
    if (value === undefined) return null;
    return new TextDecoder().decode(value);
  }

  /**
   * The records, one block in memory at a time. Can be called once; ends the input.
   * @param shape The fields wanted, by Iceberg id. Default: all, in file order.
   */
  async *records(shape: ReadShape = 'any'): AsyncGenerator<AvroValue> {
    const decode = compileDecoder(this.schema, shape);
    try {
      for await (const { count, data } of this.#blocks()) {
        const reader = new ByteReader(data);
        for (let i = 0; i < count; i++) yield decode(reader);
        if (reader.remaining > 0) throw corrupt('a block is longer than its records');
      }
    } catch (cause) {
      throw withFile(cause, this.#options.file);
    } finally {
      await this.close();
    }
  }

  /** Ends the input, of which more may be to come. */
  close(): Promise<void> {
    return this.#source.close();
  }

  async *#blocks(): AsyncGenerator<{ readonly count: number; readonly data: Bytes }> {
    const limit = this.#options.maxBlockBytes ?? DEFAULT_MAX_BLOCK_BYTES;
    const decompress = blockDecompressor(this.text('avro.codec') ?? 'null', this.#options.codecs);
    while (!(await this.#source.atEnd())) {
      const count = await this.#source.long();
      const size = await this.#source.long();
      if (count < 0n || count > BigInt(limit)) throw corrupt('a block says it has too many records');
      if (size < 0n || size > BigInt(limit)) throw corrupt(`a block is larger than ${limit} bytes`);
      const packed = await this.#source.take(Number(size));
      const sync = await this.#source.take(SYNC_BYTES);
      if (!sync.every((byte, index) => byte === this.#sync[index])) throw corrupt('a block does not end where it says');
      yield { count: Number(count), data: await decompress(packed, limit) };
    }
  }
}

/**
 * Reads the header of a container file.
 * @param input The whole file, or its chunks as they come.
 * @throws IcestreamError INVALID_METADATA when it is no Avro file, or a damaged one.
 */
export async function openAvro(
  input: Uint8Array | AsyncIterable<Uint8Array>,
  options: AvroReadOptions = {},
): Promise<AvroFile> {
  const source = new ByteSource(input);
  try {
    const magic = (await source.has(MAGIC.length)) ? await source.take(MAGIC.length) : null;
    if (magic !== null && ENCRYPTED_MAGIC.every((byte, index) => magic[index] === byte)) {
      throw new IcestreamError('UNSUPPORTED', 'This file is encrypted (AES GCM stream), which cannot be read here.');
    }
    if (magic === null || !MAGIC.every((byte, index) => magic[index] === byte)) {
      throw new IcestreamError('INVALID_METADATA', 'This is not an Avro file: it does not start with "Obj" and 1.');
    }
    const metadata = await readHeader(source);
    return new AvroFile(source, metadata, await source.take(SYNC_BYTES), options);
  } catch (cause) {
    await source.close();
    throw withFile(cause, options.file);
  }
}

async function readHeader(source: ByteSource): Promise<Map<string, Bytes>> {
  const metadata = new Map<string, Bytes>();
  let total = 0;
  for (;;) {
    const count = await source.long();
    if (count === 0n) return metadata;
    if (count < 0n) await source.long();
    for (let left = count < 0n ? -count : count; left > 0n; left--) {
      const [key, value] = [await source.blob(MAX_HEADER_BYTES - total), await source.blob(MAX_HEADER_BYTES - total)];
      total += key.length + value.length + 2;
      metadata.set(new TextDecoder().decode(key), value);
    }
  }
}

function withFile(cause: unknown, file: string | undefined): unknown {
  if (!(cause instanceof IcestreamError) || file === undefined || cause.place.file !== undefined) return cause;
  return new IcestreamError(cause.code, `${cause.message} File: ${file}.`, { ...cause.place, file, cause });
}

/** Pulls exact numbers of bytes out of chunks. */
class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array> | null;
  #buffer: Uint8Array;
  #position = 0;

  constructor(input: Uint8Array | AsyncIterable<Uint8Array>) {
    this.#buffer = input instanceof Uint8Array ? input : new Uint8Array(0);
    this.#chunks = input instanceof Uint8Array ? null : input[Symbol.asyncIterator]();
  }

  async close(): Promise<void> {
    await this.#chunks?.return?.();
  }

  async atEnd(): Promise<boolean> {
    return !(await this.has(1));
  }

  async take(size: number): Promise<Bytes> {
    if (!(await this.has(size))) throw corrupt('it is cut off');
    this.#position += size;
    return this.#buffer.slice(this.#position - size, this.#position) as Bytes;
  }

  async blob(limit: number): Promise<Bytes> {
    const size = await this.long();
    if (size < 0n || size > BigInt(limit)) throw corrupt('its header is too large');
    return this.take(Number(size));
  }

  async long(): Promise<bigint> {
    await this.has(MAX_VARINT_BYTES);
    const reader = new ByteReader(this.#buffer.subarray(this.#position, this.#position + MAX_VARINT_BYTES));
    const value = reader.long();
    this.#position += reader.position;
    return value;
  }

  /** Whether `size` bytes are there; reads chunks until they are. */
  async has(size: number): Promise<boolean> {
    let have = this.#buffer.length - this.#position;
    if (have >= size || this.#chunks === null) return have >= size;
    const parts = [this.#buffer.subarray(this.#position) as Bytes];
    while (have < size) {
      const { done, value } = await this.#chunks.next();
      if (done) break;
      parts.push(value as Bytes);
      have += value.length;
    }
    this.#buffer = concatBytes(parts);
    this.#position = 0;
    return have >= size;
  }
}
