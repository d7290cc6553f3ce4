/** The engine over one wasm instance. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import type { ArrowSchema } from '../arrow-schema.ts';
import type { Encoder, EncoderOptions } from '../encoder.ts';
import type {
  Aligner,
  AlignOptions,
  Batch,
  Checksum,
  Clustered,
  ClusterOptions,
  CsvInference,
  CsvReaderOptions,
  Decompressor,
  Engine,
  GivenCsv,
  IpcReader,
  JsonInference,
  JsonReaderOptions,
  ParquetReader,
  Partitioned,
  PartitionTransform,
  RangeReader,
  TextReader,
} from '../engine.ts';
import { WasmAligner } from './aligner.ts';
import { WasmChecksum } from './checksum.ts';
import { WasmDecompressor } from './decompressor.ts';
import { WasmEncoder } from './encoder.ts';
import { WasmInstance } from './instance.ts';
import { WasmIpcReader } from './ipc-reader.ts';
import { clusterBatches, concatBatches, partitionBatches } from './partition.ts';
import { csvReader, inferCsv, inferJson, jsonReader } from './text-reader.ts';

class WasmEngine implements Engine {
  readonly #instance: WasmInstance;

  constructor(instance: WasmInstance) {
    this.#instance = instance;
  }

  get alive(): boolean {
    return this.#instance.alive;
  }

  get memoryBytes(): number {
    return this.#instance.memoryBytes;
  }

  get maxMemoryBytes(): number {
    return this.#instance.maxMemoryBytes;
  }

  get refusedBytes(): number {
    return this.#instance.refusedBytes;
  }

  get liveBytes(): number {
    return this.#instance.liveBytes;
  }

  ipcReader(): IpcReader {
    return new WasmIpcReader(this.#instance);
  }

  fromIpc(bytes: Uint8Array): Batch[] {
    using reader = new WasmIpcReader(this.#instance);
    const batches = reader.push(bytes);
    try {
      batches.push(...reader.finish());
    } catch (error) {
      for (const batch of batches) batch.free();
      throw error;
    }
    return batches;
  }

  inferCsv(sample: Bytes, given: GivenCsv = {}, whole = true): CsvInference {
    return inferCsv(this.#instance, sample, given, whole);
  }

  csvReader(options: CsvReaderOptions): TextReader {
    return csvReader(this.#instance, options);
  }

  inferJson(sample: Bytes, whole = true): JsonInference {
    return inferJson(this.#instance, sample, whole);
  }

  jsonReader(options: JsonReaderOptions): TextReader {
    return jsonReader(this.#instance, options);
  }

  decompressor(codec: 'gzip' | 'zstd'): Decompressor {
    return new WasmDecompressor(this.#instance, codec);
  }

  checksum(): Checksum {
    return new WasmChecksum(this.#instance);
  }

  async openParquet(file: RangeReader, options?: { readonly signal?: AbortSignal }): Promise<ParquetReader> {
    if (!this.#instance.has('parquet_footer')) {
      throw new IcestreamError(
        'UNSUPPORTED',
        'Parquet files cannot be read with icestream-append.wasm, which has no decoder; load icestream.wasm instead',
      );
    }
    const { openParquet } = await import('./parquet-reader.ts');
    return openParquet(this.#instance, file, options);
  }

  concat(batches: readonly Batch[]): Batch {
    return concatBatches(this.#instance, batches);
  }

  aligner(source: ArrowSchema, options: AlignOptions): Aligner {
    return new WasmAligner(this.#instance, source, options);
  }

  partition(batches: readonly Batch[], transforms: readonly PartitionTransform[], mostTuples?: number): Partitioned {
    return partitionBatches(this.#instance, batches, transforms, mostTuples);
  }

  cluster(batches: readonly Batch[], transforms: readonly PartitionTransform[], options: ClusterOptions): Clustered {
    return clusterBatches(this.#instance, batches, transforms, options);
  }

  encoder(options: EncoderOptions): Encoder {
    return new WasmEncoder(this.#instance, options);
  }
}

/**
 * An engine of its own over a compiled module.
 * @throws IcestreamError MEMORY_LIMIT_TOO_SMALL below what the least work takes (6 MiB).
 */
export function createEngine(module: WebAssembly.Module, maxMemoryBytes: number): Engine {
  return new WasmEngine(new WasmInstance(module, maxMemoryBytes));
}
