/** Appends a file, which arrives in chunks of random sizes, and hashes every data file. Runs in every runtime. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { defaultWorld, fromAny, type Upload, type UploadResult, type World } from 'icestream';
import type { Bytes } from '../../../src/util/bytes.ts';
import { DiscardUpload } from '../../../src/write/rows/discard-upload.ts';
import { memoryCatalog } from '../../support/memory-catalog.ts';
import { WrappedStore } from '../../support/wrapped-store.ts';

export interface Digested {
  readonly rows: number;
  readonly files: number;
  /** Of the hashes of all files, in their own order. */
  readonly digest: string;
}

/** `url`: of the file; `seed`: of the sizes of chunks. */
export async function digestFiles(url: string, seed: number): Promise<Digested> {
  const hashes: string[] = [];
  const { catalog } = await memoryCatalog((store) => new HashingStore(store, hashes));
  const { result } = await catalog.createAndAppend(
    'bench.rows',
    fromAny(new URL(url), { world: worldOfRandomChunks(seed) }),
    { partitionSpec: ['cat'], properties: { 'write.parquet.compression-level': '1' } },
    { memoryLimitBytes: 96 * 2 ** 20 },
  );
  const digest = bytesToHex(sha256(utf8ToBytes(hashes.sort().join())));
  return { rows: Number(result.rows), files: result.files, digest };
}

class HashUpload extends DiscardUpload {
  readonly #hash = sha256.create();
  readonly #hashes: string[];

  constructor(location: string, hashes: string[]) {
    super(location);
    this.#hashes = hashes;
  }

  override async write(bytes: Bytes): Promise<void> {
    this.#hash.update(bytes);
    await super.write(bytes);
  }

  override async finish(): Promise<UploadResult> {
    this.#hashes.push(bytesToHex(this.#hash.digest()));
    return super.finish();
  }
}

class HashingStore extends WrappedStore {
  readonly #hashes: string[];

  constructor(inner: ConstructorParameters<typeof WrappedStore>[0], hashes: string[]) {
    super(inner);
    this.#hashes = hashes;
  }

  override async openUpload(location: string): Promise<Upload> {
    return new HashUpload(location, this.#hashes);
  }
}

function worldOfRandomChunks(seed: number): World {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  const cut = () =>
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        for (let start = 0; start < chunk.length; ) {
          // From a byte to 128 KiB, each magnitude as often.
          const end = start + Math.ceil(2 ** (random() * 17));
          controller.enqueue(chunk.slice(start, end));
          start = end;
        }
      },
    });
  const fetch = async (request: Request) => {
    const { body, status, headers } = await defaultWorld.fetch(request);
    return new Response(body?.pipeThrough(cut()) ?? null, { status, headers });
  };
  return { ...defaultWorld, fetch };
}
