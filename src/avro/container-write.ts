/** Writes Avro object container files (Avro 1.12 specification, Object Container Files). */
import type { Bytes } from '../util/bytes.ts';
import { concatBytes } from '../util/encoding.ts';
import { stringifyJson } from '../util/json.ts';
import { ByteWriter } from './byte-writer.ts';
import { compressBlock, type WriteCodec } from './compress.ts';
import type { AvroValue } from './decode.ts';
import { compileEncoder, type Encoder } from './encode.ts';
import { parseAvroSchema } from './schema.ts';

export interface AvroWriteOptions {
  /** The schema as Avro JSON; it is written into the header as it stands. */
  readonly schema: unknown;
  /** Further file metadata, after `avro.schema` and `avro.codec`. */
  readonly metadata?: ReadonlyMap<string, string>;
  /** Default `deflate`. */
  readonly codec?: WriteCodec;
  /** Source of the sync marker: 16 bytes. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Uncompressed size at which a block is closed. Default 64,000. */
  readonly blockBytes?: number;
}

const DEFAULT_BLOCK_BYTES = 64_000;
const SYNC_BYTES = 16;

/** Collects records into blocks; `finish` gives the file. */
export class AvroWriter {
  readonly #encode: Encoder;
  readonly #codec: WriteCodec;
  readonly #sync: Uint8Array;
  readonly #blockBytes: number;
  readonly #block = new ByteWriter(16 * 1024);
  readonly #parts: Bytes[] = [];
  #size = 0;
  #blockCount = 0;

  constructor(options: AvroWriteOptions) {
    this.#encode = compileEncoder(parseAvroSchema(options.schema));
    this.#codec = options.codec ?? 'deflate';
    this.#sync = options.randomBytes(SYNC_BYTES);
    this.#blockBytes = options.blockBytes ?? DEFAULT_BLOCK_BYTES;
    this.#push(header(options, this.#codec, this.#sync));
  }

  /** Size of the file so far; the open block counts with what it would take uncompressed. */
  get sizeBytes(): number {
    return this.#size + this.#block.length;
  }

  async add(record: AvroValue): Promise<void> {
    this.#encode(this.#block, record);
    this.#blockCount += 1;
    if (this.#block.length >= this.#blockBytes) await this.#closeBlock();
  }

  /** The whole file. The writer cannot be used afterwards. */
  async finish(): Promise<Bytes> {
    await this.#closeBlock();
    return concatBytes(this.#parts);
  }

  async #closeBlock(): Promise<void> {
    if (this.#blockCount === 0) return;
    const packed = await compressBlock(this.#block.take(), this.#codec);
    const prefix = new ByteWriter(20);
    prefix.int(this.#blockCount);
    prefix.int(packed.length);
    this.#push(prefix.take());
    this.#push(packed);
    this.#push(Uint8Array.from(this.#sync));
    this.#blockCount = 0;
  }

  #push(part: Bytes): void {
    this.#parts.push(part);
    this.#size += part.length;
  }
}

function header(options: AvroWriteOptions, codec: WriteCodec, sync: Uint8Array): Bytes {
  const entries = new Map([
    ['avro.schema', stringifyJson(options.schema)],
    ['avro.codec', codec],
    ...(options.metadata ?? []),
  ]);
  const writer = new ByteWriter(4096);
  writer.fixed(Uint8Array.of(0x4f, 0x62, 0x6a, 0x01));
  writer.int(entries.size);
  for (const [key, value] of entries) {
    writer.string(key);
    writer.string(value);
  }
  writer.int(0);
  writer.fixed(sync);
  return writer.take();
}
