/** What the engine's artifacts weigh when they are sent. */
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Benchmark } from '../harness.ts';

const bars = { 'icestream-append.wasm': 900, 'icestream.wasm': 1600 };

export const engineSize: Benchmark = {
  name: 'engine-size',
  what: 'the wasm artifacts, gzip -9',
  defaultRows: 0,
  async *run() {
    for (const [name, atMost] of Object.entries(bars)) {
      const bytes = await readFile(new URL(`../../wasm/prebuilt/${name}`, import.meta.url));
      const note = `${bytes.length.toLocaleString('en-US')} bytes raw`;
      yield { name, value: gzipSync(bytes, { level: 9 }).length / 1000, unit: 'KB', bar: { atMost }, note };
    }
  },
};
