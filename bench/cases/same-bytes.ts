/** One file, arriving in chunks of random sizes, loaded partitioned in each of the five runtimes. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileServer } from '../../test/support/file-server.ts';
import { benchIpcStream } from '../data/ipc.ts';
import { benchTextPieces } from '../data/text.ts';
import type { Benchmark } from '../harness.ts';
import { build } from '../support/built.ts';
import { writeParquet } from '../support/parquet-file.ts';
import { type Runtime, runtimes } from '../support/runtimes.ts';

const files = ['rows.csv', 'rows.arrows', 'rows.parquet'];

export const sameBytes: Benchmark = {
  name: 'same-bytes',
  what: 'CSV, Arrow and Parquet into partitions, in Node, Chromium, workerd, Deno and Bun: identical data files',
  defaultRows: 3_000_000,
  async *run({ rows, scratch, log }) {
    await build();
    const path = (file: string) => join(scratch, file);
    await pipeline(Readable.from(benchTextPieces('csv', rows)), createWriteStream(path('rows.csv')));
    await pipeline(Readable.from(benchIpcStream(rows, 16_384)), createWriteStream(path('rows.arrows')));
    await writeParquet(path('rows.parquet'), rows);
    const digests = new Map(files.map((file) => [file, new Set<string>()]));
    await using server = await fileServer(path);
    for (const [index, runtime] of runtimes.entries()) {
      await digestAll(runtime, { scratch, address: server.address, rows, log, seed: index + 1 }, digests);
    }
    for (const [file, different] of digests) {
      yield {
        name: `${file}: different sets of data files in five runtimes`,
        value: different.size,
        unit: '',
        bar: { atMost: 1 },
      };
    }
  },
};

interface Round {
  readonly scratch: string;
  readonly address: string;
  readonly rows: number;
  readonly log: (text: string) => void;
  readonly seed: number;
}

async function digestAll(runtime: Runtime, round: Round, digests: ReadonlyMap<string, Set<string>>): Promise<void> {
  const { scratch, address, rows, log, seed } = round;
  const { digest, stop } = await runtime.start(scratch, address);
  try {
    for (const [file, different] of digests) {
      const started = performance.now();
      const loaded = await digest(`${address}/${file}`, seed);
      if (loaded.rows !== rows) throw new Error(`${runtime.name} loaded ${loaded.rows} of ${rows} rows of ${file}`);
      different.add(loaded.digest);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      log(`${runtime.name}: ${file}: ${loaded.files} files, ${loaded.digest.slice(0, 12)}, ${seconds} s`);
    }
  } finally {
    await stop();
  }
}
