/**
 * Appends rows that are in memory to a store that discards, several times: `threads.ts ROWS THREADS SHARE_BYTES [hash]`.
 * THREADS: a number, which each append starts; or `own:2`, which all have.
 */
import { createHash } from 'node:crypto';
import { fromAny, startEncodeThreads, type Upload, type WriteOptions } from 'icestream';
import type { Bytes } from '../../src/util/bytes.ts';
import { DiscardUpload } from '../../src/write/rows/discard-upload.ts';
import { benchIpcStream } from '../data/ipc.ts';
import { cpuOfRounds } from '../support/cpu.ts';
import { memoryCatalog } from '../support/memory-catalog.ts';
import { WrappedStore } from '../support/wrapped-store.ts';

const [rows = 0, , shareBytes = 0] = process.argv.slice(2).map(Number);
const [own, count] = /^(own:)?(\d+)$/.exec(process.argv[3] ?? '')?.slice(1) ?? [];
const threadCount = Number(count);
await using threads =
  own === undefined ? null : await startEncodeThreads(threadCount, { memoryLimitBytes: threadCount * shareBytes });
const started = { threads: threadCount, memoryLimitBytes: shareBytes * (threadCount === 1 ? 1 : threadCount + 1) };
const options: WriteOptions = threads === null ? started : { threads, memoryLimitBytes: shareBytes };
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
const rounds = hash === null ? 6 : 1;
const elapsedMs: number[] = [];
let last = {};
const cpuMs = await cpuOfRounds(rounds, async () => {
  const { catalog } = await memoryCatalog((store) => new HashingStore(store));
  const startedMs = performance.now();
  const { result } = await catalog.createAndAppend(
    'bench.rows',
    fromAny(stream()),
    // One file: two that are finished at once have no order.
    { properties: { 'write.parquet.compression-level': '1', 'write.target-file-size-bytes': String(4 * 2 ** 30) } },
    options,
  );
  elapsedMs.push(performance.now() - startedMs);
  const { files, memoryPeakBytes } = result;
  const heldBytes = memoryPeakBytes + (threads?.memoryBytes ?? 0);
  last = { rows: Number(result.rows), files, bytes: Number(result.bytes), heldBytes };
});
console.log(JSON.stringify({ ...last, elapsedMs, cpuMs, hash: hash?.digest('hex') ?? null }));
