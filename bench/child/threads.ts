/** Appends rows that are in memory to a store that discards, several times: `threads.ts ROWS THREADS LIMIT_BYTES [hash]`. */
import { createHash } from 'node:crypto';
import { fromAny, type Upload } from 'icestream';
import type { Bytes } from '../../src/util/bytes.ts';
import { DiscardUpload } from '../../src/write/rows/discard-upload.ts';
import { benchIpcStream } from '../data/ipc.ts';
import { cpuOfRounds } from '../support/cpu.ts';
import { memoryCatalog } from '../support/memory-catalog.ts';
import { WrappedStore } from '../support/wrapped-store.ts';

const [rows = 0, threads = 1, memoryLimitBytes = 0] = process.argv.slice(2).map(Number);
const hash = process.argv[5] === 'hash' ? createHash('sha256') : null;

/** Of one unpartitioned write: its bytes come in the order of its files. */
class HashUpload extends DiscardUpload {
  override async write(bytes: Bytes): Promise<void> {
    hash?.update(bytes);
    await super.write(bytes);
  }
}

class HashingStore extends WrappedStore {
  override async openUpload(location: string): Promise<Upload> {
    return new HashUpload(location);
  }
}

const chunks = [...benchIpcStream(rows, 65_536)];
const stream = async function* () {
  yield* chunks;
};
const rounds = hash === null ? 4 : 1;
const elapsedMs: number[] = [];
let last = {};
const cpuMs = await cpuOfRounds(rounds, async () => {
  const { catalog } = await memoryCatalog((store) => new HashingStore(store));
  const started = performance.now();
  const { result } = await catalog.createAndAppend(
    'bench.rows',
    fromAny(stream()),
    // One file: two that are finished at once have no order.
    { properties: { 'write.parquet.compression-level': '1', 'write.target-file-size-bytes': String(4 * 2 ** 30) } },
    { threads, memoryLimitBytes },
  );
  elapsedMs.push(performance.now() - started);
  const { files, memoryPeakBytes } = result;
  last = { rows: Number(result.rows), files, bytes: Number(result.bytes), memoryPeakBytes };
});
console.log(JSON.stringify({ ...last, elapsedMs, cpuMs, hash: hash?.digest('hex') ?? null }));
