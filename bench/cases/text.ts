/** Parsing CSV (short cells; notes of ten lines) and NDJSON: the engine's readers, papaparse, JSON.parse for each line. */
import { type Benchmark, measure } from '../harness.ts';

const child = new URL('../child/text.ts', import.meta.url).pathname;
const turns = 3;

export const text: Benchmark = {
  name: 'text',
  what: 'parse CSV and NDJSON into Arrow batches, against papaparse and JSON.parse for each line',
  defaultRows: 500_000,
  async *run({ rows: most }) {
    for (const { format, rows, peer, atLeast } of [
      { format: 'csv', rows: most, peer: 'papaparse 5', atLeast: 3 },
      { format: 'notes', rows: Math.ceil(most / 5), peer: 'papaparse 5', atLeast: 2 },
      { format: 'json', rows: most, peer: 'JSON.parse for each line', atLeast: 2 },
    ]) {
      const best = { ours: Infinity, peer: Infinity };
      let bytes = 0;
      for (let turn = 0; turn < turns; turn++) {
        for (const parser of ['ours', 'peer'] as const) {
          const command = [
            'node',
            '--conditions=icestream-source',
            '--no-warnings',
            child,
            parser,
            format,
            String(rows),
          ];
          const { result } = await measure(command);
          if (result['rows'] !== rows)
            throw new Error(`${parser} read ${String(result['rows'])} of ${rows} ${format} rows`);
          best[parser] = Math.min(best[parser], ...(result['cpuMs'] as number[]).slice(1));
          bytes = Number(result['bytes']);
        }
      }
      yield {
        name: `${format}: CPU`,
        value: best.ours / 1000,
        unit: 's',
        note: `${(bytes / best.ours / 1000).toFixed(0)} MB/s`,
      };
      yield {
        name: `${format}: CPU of the peer against ours`,
        value: best.peer / best.ours,
        unit: '×',
        peer,
        bar: { atLeast },
      };
    }
  },
};
